import { eventually } from '@gatehouse/testing';
import type { Cell } from './figures-table.ts';
import { Latencies } from './latencies.ts';
import { cpuDuring } from './process-usage.ts';
import { shares } from './publish-bench.ts';
import type { RegistryUnderTest } from './registry-under-test.ts';

export const IMPORT_COLUMNS = [
  'what',
  'devices/s',
  'CPU µs a device',
  'of it',
  'another request meanwhile: p50, p99 ms',
];
const CALLS = 10;
const ROWS_A_CALL = 10_000;
const DEVICES = CALLS * ROWS_A_CALL;
const PUBLICATION_TIMEOUT_MS = 120_000;
const TABLES = ['event', 'device_view', 'device_secret'];
const POLL_MS = 20;

/** 100,000 devices by ten calls, two at a time; then the same rows copied inside PostgreSQL. */
export async function benchImport(registry: RegistryUnderTest): Promise<Cell[][]> {
  const productKey = await registry.newProduct('bench_import');
  const others = new Latencies();
  const done = new AbortController();
  const asking = askMeanwhile(registry, `/products/${productKey}`, {
    latencies: others,
    signal: done.signal,
  });
  const imported = await measured(registry, async () => {
    const calls = Array.from({ length: CALLS }, (_, call) => call).values();
    const send = async (): Promise<void> => {
      for (const call of calls) {
        await registry.call('POST', `/products/${productKey}/devices:import`, { devices: rowsOf(call) });
      }
    };
    await Promise.all([send(), send()]);
  });
  done.abort();
  await asking;
  await untilPublished(registry);
  await makeCopies(registry);
  const copied = await measured(registry, () => copyRows(registry, productKey));
  return [
    ['import, 10 calls of 10,000 rows, two at a time', ...imported, others.text],
    ['the same rows by INSERT … SELECT inside PostgreSQL', ...copied, ''],
  ];
}

async function measured(registry: RegistryUnderTest, work: () => Promise<void>): Promise<Cell[]> {
  const startedAt = performance.now();
  const usage = await cpuDuring(await registry.processes(), work);
  const seconds = (performance.now() - startedAt) / 1_000;
  const total = [...usage.values()].reduce((sum, used) => sum + used, 0);
  return [DEVICES / seconds, total / DEVICES, shares(usage, DEVICES)];
}

/** What comes next is measured without the publication of all these events. */
async function untilPublished({ database }: RegistryUnderTest): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await database.query<{ isDone: boolean }>(
        `select bool_and((checkpoint.transaction_id, checkpoint.global_position)
           >= (last.transaction_id, last.global_position)) as "isDone"
         from checkpoint, (
           select transaction_id, global_position from event
           order by transaction_id desc, global_position desc limit 1
         ) as last`,
      );
      if (rows[0]?.isDone !== true) throw new Error('the publication of the imports has not ended');
    },
    PUBLICATION_TIMEOUT_MS,
    500,
  );
}

function rowsOf(call: number): object[] {
  return Array.from({ length: ROWS_A_CALL }, (_, index) => {
    const number = call * ROWS_A_CALL + index;
    return { username: deviceName(number), password: `pw-${number}`, sn: `SN_${number}` };
  });
}

async function askMeanwhile(
  registry: RegistryUnderTest,
  path: string,
  { latencies, signal }: { readonly latencies: Latencies; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await latencies.measure(() => registry.call('GET', path));
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

/** Tables of the same definition, indexes and all. */
async function makeCopies({ database }: RegistryUnderTest): Promise<void> {
  await database.query('create schema bare');
  for (const table of TABLES) {
    await database.query(`create table bare.${table} (like public.${table} including all)`);
  }
}

/** The least that PostgreSQL has to do: 10,000 devices a transaction, nothing sent to it. */
async function copyRows(registry: RegistryUnderTest, productKey: string): Promise<void> {
  for (let call = 0; call < CALLS; call += 1) {
    const [from, to] = [deviceName(call * ROWS_A_CALL), deviceName((call + 1) * ROWS_A_CALL)];
    const statements = await Promise.all(
      TABLES.map(async (table) => {
        const columns = await registry.columnsOf(table);
        const where =
          table === 'event'
            ? `stream_id >= 'device/${productKey}/${from}' and stream_id < 'device/${productKey}/${to}'`
            : `product_key = '${productKey}' and device_name >= '${from}' and device_name < '${to}'`;
        return `insert into bare.${table} (${columns}) select ${columns} from public.${table} where ${where}`;
      }),
    );
    await registry.database.query(['begin', ...statements, 'commit'].join(';'));
  }
}

function deviceName(number: number): string {
  return `device-${String(number).padStart(6, '0')}`;
}
