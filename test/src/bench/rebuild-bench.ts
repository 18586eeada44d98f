import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectDirectory } from '@gatehouse/local-servers';
import type pg from 'pg';
import type { Cell } from './figures-table.ts';
import { Latencies } from './latencies.ts';
import type { RegistryUnderTest } from './registry-under-test.ts';

export const REBUILD_COLUMNS = ['what', 'events/s', 'pages listed meanwhile: count, refused, p50, p99 ms'];
const DEVICES = 200_000;
const EVENTS_A_DEVICE = 5;
const EVENTS = DEVICES * EVENTS_A_DEVICE;
const PAGE_EVERY_MS = 100;
const CURSOR_EVENTS = 5_000;
const COMMAND = join(projectDirectory, 'services', 'registry', 'dist', 'command-line', 'main.js');

const NAME = `'meter-' || lpad(number::text, 6, '0')`;

/** `rebuild` of a million events while pages are listed, `--verify` after it, and what plain SQL takes. */
export async function benchRebuild(registry: RegistryUnderTest): Promise<Cell[][]> {
  const productKey = await registry.newProduct('bench_rebuild');
  await writeLog(registry.database, productKey);
  await writeWrongRows(registry.database, productKey);

  const rebuilt = await whileListing(registry, productKey, () => runCommand(registry, ['rebuild']));
  const verified = await whileListing(registry, productKey, () =>
    runCommand(registry, ['rebuild', '--verify']),
  );
  const areEqual = verified.lines.includes('the views are what the log makes');
  return [
    ['registry -- rebuild', rebuilt.eventsPerSecond, rebuilt.pages],
    [
      `the same with --verify: ${areEqual ? 'views equal' : 'VIEWS DIFFER'}`,
      verified.eventsPerSecond,
      verified.pages,
    ],
    ['the same events read by a cursor of plain pg', await rateOf(() => readByCursor(registry.database)), ''],
    ['the rows they make by INSERT … SELECT inside PostgreSQL', await rateOf(() => copyRows(registry)), ''],
  ];
}

/** Of a transaction older than every reader's checkpoint: published long ago, so that nobody does it now. */
async function writeLog(database: pg.Pool, productKey: string): Promise<void> {
  await database.query(
    `insert into event (transaction_id, stream_id, stream_version, type, schema_version, data, metadata)
     select '2', 'device/' || $1 || '/' || name, step, type, 1,
       jsonb_build_object('productKey', $1::text, 'deviceName', name) || case
         when type = 'DeviceImported'
           then jsonb_build_object('serialNumber', 'SN_' || number, 'ignoresSessionsUpTo', 0)
         when type = 'DeviceDisabled' then '{}'
         else jsonb_build_object('gatewayId', 'bench', 'session', (step / 4) * $2::int + number + 1,
           'edgeId', 'edge-1', 'clientId', name, 'remoteAddress', '192.0.2.1', 'protocolVersion', 5,
           'at', '2026-01-01T00:00:00.000Z')
         end || case
         when type = 'DeviceDisconnected'
           then jsonb_build_object('reason', 'keep-alive-timeout', 'isSuperseded', false)
         else '{}' end,
       jsonb_build_object('actor',
         case when type in ('DeviceImported', 'DeviceDisabled') then 'bench' else 'edge:edge-1' end)
     from (
       select step, number, ${NAME} as name, case
         when step = 1 then 'DeviceImported'
         when step in (2, 4) then 'DeviceConnected'
         when step = 5 and number % 5 = 0 then 'DeviceDisabled'
         else 'DeviceDisconnected' end as type
       from generate_series(1, ${EVENTS_A_DEVICE}) as step, generate_series(0, $2::int - 1) as number
       order by step, number
     ) as made`,
    [productKey, DEVICES],
  );
  await database.query('vacuum analyze event');
}

/** What the rebuild has to mend, and what is listed until then. */
async function writeWrongRows(database: pg.Pool, productKey: string): Promise<void> {
  await database.query(
    `insert into device_view (product_key, device_name, stream_version, is_disabled, credential_version,
       is_online, session, open_sessions, created_at, updated_at)
     select $1, ${NAME}, 1, false, 1, false, 0, '[]', now(), now() from generate_series(0, $2::int - 1) as number`,
    [productKey, DEVICES],
  );
  await database.query('vacuum analyze device_view');
}

interface CommandRun {
  readonly lines: readonly string[];
  readonly eventsPerSecond: number;
}

async function runCommand(registry: RegistryUnderTest, args: readonly string[]): Promise<CommandRun> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...registry.commandEnvironment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', reject);
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  const code = await ended;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${lines.slice(-10).join('\n')}`);
  return { lines, eventsPerSecond: EVENTS / ((performance.now() - startedAt) / 1_000) };
}

async function whileListing<Result>(
  registry: RegistryUnderTest,
  productKey: string,
  work: () => Promise<Result>,
): Promise<Result & { readonly pages: string }> {
  const latencies = new Latencies();
  const asked: Promise<unknown>[] = [];
  let refused = 0;
  const list = async (): Promise<void> => {
    const path = `/products/${productKey}/devices?limit=50&after=meter-${randomInt(DEVICES)}`;
    await latencies.measure(() => registry.call('GET', path)).catch(() => (refused += 1));
  };
  // Each at its time, whether or not the one before has been answered.
  const timer = setInterval(() => asked.push(list()), PAGE_EVERY_MS);
  try {
    const result = await work();
    clearInterval(timer);
    await Promise.all(asked);
    return { ...result, pages: `${asked.length}, ${refused}, ${latencies.text}` };
  } finally {
    clearInterval(timer);
  }
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return EVENTS / ((performance.now() - startedAt) / 1_000);
}

async function readByCursor(database: pg.Pool): Promise<void> {
  const client = await database.connect();
  try {
    await client.query('begin');
    await client.query(
      'declare log no scroll cursor for select * from event order by transaction_id, global_position',
    );
    for (let rows = 1; rows > 0;) {
      rows = (await client.query(`fetch ${CURSOR_EVENTS} from log`)).rows.length;
    }
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Into a table of the same definition, indexes and all. */
async function copyRows(registry: RegistryUnderTest): Promise<void> {
  const { database } = registry;
  const columns = await registry.columnsOf('device_view');
  await database.query('create schema bare_rebuild');
  await database.query('create table bare_rebuild.device_view (like device_view including all)');
  await database.query(
    `insert into bare_rebuild.device_view (${columns}) select ${columns} from device_view`,
  );
}
