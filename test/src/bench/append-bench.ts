import type { Cell } from './figures-table.ts';
import { Latencies } from './latencies.ts';
import type { RegistryUnderTest } from './registry-under-test.ts';

export const APPEND_COLUMNS = ['what', 'writers', 'events/s', 'p50, p99 ms'];
const WRITERS = 8;
const SECONDS = 6;
const METADATA = JSON.stringify({ actor: 'bench' });

/** One event a transaction: commands over HTTP, and the same statements by plain pg. */
export async function benchAppend(registry: RegistryUnderTest): Promise<Cell[][]> {
  const productKey = await registry.newProduct('bench_append');
  const devices = Array.from({ length: WRITERS }, (_, writer) => ({
    username: `writer-${writer}`,
    password: 'pw',
  }));
  await registry.call('POST', `/products/${productKey}/devices:import`, { devices });
  return [
    await appendRow('command over HTTP: enable or disable a device', async (writer, turn) => {
      const verb = turn % 2 === 0 ? 'disable' : 'enable';
      await registry.call('POST', `/products/${productKey}/devices/writer-${writer}:${verb}`);
    }),
    await appendRow('the same rows by prepared statements of plain pg: event and view', (writer, turn) =>
      plainTransaction(registry, { productKey, writer, turn, withView: true }),
    ),
    await appendRow('the same, the event alone', (writer, turn) =>
      plainTransaction(registry, { productKey, writer: writer + WRITERS, turn, withView: false }),
    ),
  ];
}

async function appendRow(
  label: string,
  append: (writer: number, turn: number) => Promise<void>,
): Promise<Cell[]> {
  const latencies = new Latencies();
  const startedAt = performance.now();
  const endsAt = startedAt + SECONDS * 1_000;
  let events = 0;
  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; performance.now() < endsAt; turn += 1) {
      await latencies.measure(() => append(writer, turn));
      events += 1;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  const seconds = (performance.now() - startedAt) / 1_000;
  return [label, String(WRITERS), events / seconds, latencies.text];
}

interface PlainAppend {
  readonly productKey: string;
  readonly writer: number;
  readonly turn: number;
  readonly withView: boolean;
}

/** Into the copies of the tables that the import's bench has made. */
async function plainTransaction(
  { database }: RegistryUnderTest,
  { productKey, writer, turn, withView }: PlainAppend,
): Promise<void> {
  const isDisabled = turn % 2 === 0;
  const client = await database.connect();
  try {
    await client.query('begin');
    await client.query({
      name: 'append',
      text: `insert into bare.event (stream_id, stream_version, type, schema_version, data, metadata)
             values ($1, $2, $3, 1, $4, $5)`,
      values: [
        `device/${productKey}/writer-${writer}`,
        turn + 1,
        isDisabled ? 'DeviceDisabled' : 'DeviceEnabled',
        JSON.stringify({ productKey, deviceName: `writer-${writer}` }),
        METADATA,
      ],
    });
    if (withView) {
      await client.query({
        name: 'view',
        text: `update bare.device_view set is_disabled = $3, stream_version = stream_version + 1, updated_at = now()
               where product_key = $1 and device_name = $2`,
        values: [productKey, `writer-${writer}`, isDisabled],
      });
    }
    await client.query('commit');
  } finally {
    client.release();
  }
}
