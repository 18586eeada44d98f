import { randomInt } from 'node:crypto';
import type { Cell } from './figures-table.ts';
import { Latencies } from './latencies.ts';
import type { RegistryUnderTest } from './registry-under-test.ts';

export const DEVICE_LIST_COLUMNS = [
  'a page of 50 of 1,000,000 devices',
  'API: p50, p99 ms',
  'bare SQL: p50, p99 ms',
];
const DEVICES = 1_000_000;
const REQUESTS = 1_000;

interface Filter {
  readonly label: string;
  readonly query: (number: number) => string;
  readonly where: string;
  readonly values: (number: number) => readonly unknown[];
}

const name = (number: number): string => `pump-${String(number).padStart(7, '0')}`;

const FILTERS: readonly Filter[] = [
  {
    label: 'anywhere in the list',
    query: (number) => `after=${name(number)}`,
    where: 'device_name > $2',
    values: (number) => [name(number)],
  },
  {
    label: 'by status, anywhere in the list',
    query: (number) => `status=ONLINE&after=${name(number)}`,
    where: `device_name > $2 and status = 'ONLINE'`,
    values: (number) => [name(number)],
  },
  {
    label: 'by prefix',
    query: (number) => `prefix=${name(number).slice(0, -2)}`,
    where: 'device_name >= $2 and device_name < $3',
    values: (number) => [name(number).slice(0, -2), `${name(number).slice(0, -2)}\u{10FFFF}`],
  },
  {
    label: 'by serial number',
    query: (number) => `sn=SN_${number}`,
    where: 'serial_number = $2',
    values: (number) => [`SN_${number}`],
  },
];

/** Pages at random places, one request after the other, each beside its statement alone. */
export async function benchDeviceList(registry: RegistryUnderTest): Promise<Cell[][]> {
  const productKey = await registry.newProduct('bench_list');
  await writeMillion(registry, productKey);
  const rows: Cell[][] = [];
  for (const filter of FILTERS) rows.push(await listRow(registry, productKey, filter));
  return rows;
}

async function listRow(registry: RegistryUnderTest, productKey: string, filter: Filter): Promise<Cell[]> {
  const [overHttp, bare] = [new Latencies(), new Latencies()];
  const client = await registry.database.connect();
  try {
    for (let request = 0; request < REQUESTS; request += 1) {
      const number = randomInt(DEVICES);
      await overHttp.measure(() =>
        registry.call('GET', `/products/${productKey}/devices?limit=50&${filter.query(number)}`),
      );
      await bare.measure(() =>
        client.query({
          name: filter.label,
          text: `select * from device_view where product_key = $1 and ${filter.where} order by device_name limit 51`,
          values: [productKey, ...filter.values(number)],
        }),
      );
    }
  } finally {
    client.release();
  }
  return [filter.label, overHttp.text, bare.text];
}

/** Rows of the view alone: a list reads nothing else. */
async function writeMillion({ database }: RegistryUnderTest, productKey: string): Promise<void> {
  await database.query(
    `insert into device_view (product_key, device_name, stream_version, serial_number, is_disabled,
       credential_version, is_online, session, open_sessions, created_at, activated_at, updated_at)
     select $1, 'pump-' || lpad(number::text, 7, '0'), 1, 'SN_' || number, number % 100 = 0, 1, number % 5 = 0,
       0, '[]', now(), case when number % 2 = 0 then now() end, now()
     from generate_series(0, $2::int - 1) as number`,
    [productKey, DEVICES],
  );
  await database.query('vacuum analyze device_view');
}
