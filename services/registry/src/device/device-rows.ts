import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { DeviceRow } from './device-row.ts';

export interface DeviceKey {
  readonly productKey: string;
  readonly deviceName: string;
}

/** Names a device in a map; no part holds a slash. */
export const deviceKeyText = ({ productKey, deviceName }: DeviceKey): string => `${productKey}/${deviceName}`;

export function deviceOfKeyText(text: string): DeviceKey {
  const [productKey = '', deviceName = ''] = text.split('/');
  return { productKey, deviceName };
}

/** The rows of those of the devices that are there, by {@link deviceKeyText}. */
export async function selectDeviceRows(
  db: RegistryTransaction,
  keys: readonly DeviceKey[],
): Promise<Map<string, DeviceRow>> {
  const rows = await db
    .selectFrom('device_view')
    .selectAll()
    .where((expression) =>
      expression(
        expression.refTuple('product_key', 'device_name'),
        'in',
        sql<never>`(select * from unnest(${keys.map(({ productKey }) => productKey)}::text[],
          ${keys.map(({ deviceName }) => deviceName)}::text[]))`,
      ),
    )
    .execute();
  return new Map(
    rows.map(({ status: _derived, ...row }) => [
      deviceKeyText({ productKey: row.product_key, deviceName: row.device_name }),
      row,
    ]),
  );
}

/**
 * Writes any number of rows with one statement, those of products that are there. A device that is made while
 * its product is being deleted can stand behind the product's end in the log, which is in the order of
 * transaction ids.
 */
export async function upsertDeviceRows(db: RegistryTransaction, rows: readonly DeviceRow[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into device_view (${columns(COLUMNS)})
    select ${columns(COLUMNS)} from jsonb_populate_recordset(null::device_view, ${JSON.stringify(rows)}::jsonb) as given
    where exists (select from product_view where product_view.product_key = given.product_key)
    on conflict on constraint device_name do update
    set (${columns(CHANGING)}) = row(${columns(CHANGING, 'excluded')})`.execute(db);
}

export interface NewDevice {
  readonly deviceName: string;
  readonly serialNumber: string | null;
}

/**
 * The rows of devices that are there for the first time, since this transaction, with one statement: what
 * `evolveDeviceRow` makes of their events. A test compares the two.
 */
export async function insertNewDeviceRows(
  db: RegistryTransaction,
  productKey: string,
  devices: readonly NewDevice[],
): Promise<void> {
  const rows = devices.map(({ deviceName, serialNumber }) => ({ n: deviceName, s: serialNumber }));
  await sql`
    insert into device_view (
      product_key, device_name, stream_version, serial_number, is_disabled, credential_version, is_online, session,
      open_sessions, created_at, updated_at
    )
    select ${productKey}, n, 1, s, false, 1, false, 0, '[]', date_trunc('milliseconds', now()),
      date_trunc('milliseconds', now())
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (n text, s text)
    order by n collate "C"`.execute(db);
}

export async function deleteDeviceRows(db: RegistryTransaction, keys: readonly DeviceKey[]): Promise<void> {
  if (keys.length === 0) return;
  await sql`
    delete from device_view using unnest(
      ${keys.map(({ productKey }) => productKey)}::text[], ${keys.map(({ deviceName }) => deviceName)}::text[]
    ) as gone (product_key, device_name)
    where device_view.product_key = gone.product_key and device_view.device_name = gone.device_name`.execute(
    db,
  );
}

/** The compiler holds this list to the columns of a row. */
const COLUMN_SET: Readonly<Record<keyof DeviceRow, true>> = {
  product_key: true,
  device_name: true,
  stream_version: true,
  serial_number: true,
  is_disabled: true,
  credential_version: true,
  is_online: true,
  session: true,
  open_sessions: true,
  gateway_id: true,
  edge_id: true,
  client_id: true,
  remote_address: true,
  protocol_version: true,
  created_at: true,
  activated_at: true,
  last_online_at: true,
  last_offline_at: true,
  updated_at: true,
};
const COLUMNS = Object.keys(COLUMN_SET);
const CHANGING = COLUMNS.filter((column) => column !== 'product_key' && column !== 'device_name');

function columns(names: readonly string[], table?: string) {
  return sql.join(names.map((name) => sql.ref(table === undefined ? name : `${table}.${name}`)));
}
