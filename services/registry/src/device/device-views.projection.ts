import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { evolveDeviceRow, type DeviceRow } from './device-row.ts';
import {
  deleteDeviceRows,
  deviceKeyText,
  selectDeviceRows,
  upsertDeviceRows,
  type DeviceKey,
} from './device-rows.ts';
import { deviceEvent } from './device.events.ts';

/**
 * Brings `device_view` up to date with events in their order: reads the rows they touch, folds, writes them
 * back; a handful of statements for any number of devices.
 */
export async function projectDevices(
  db: RegistryTransaction,
  recorded: readonly RecordedEvent[],
): Promise<void> {
  const events = recorded
    .filter(({ streamId }) => streamId.startsWith('device/'))
    .map(({ type, data, streamVersion, recordedAt }) => ({
      event: deviceEvent.parse({ type, data }),
      streamVersion,
      recordedAt,
    }));
  if (events.length === 0) return;

  const touched = new Map<string, DeviceKey>(
    events.map(({ event: { data } }) => [deviceKeyText(data), data]),
  );
  const before = await selectDeviceRows(db, [...touched.values()]);
  const rows = new Map<string, DeviceRow | undefined>(before);
  for (const each of events) {
    const key = deviceKeyText(each.event.data);
    rows.set(key, evolveDeviceRow(rows.get(key), each));
  }

  const folded = [...rows.entries()].flatMap(([key, row]) => (row === undefined ? [] : [{ key, row }]));
  const isNew = ({ key }: { readonly key: string }): boolean => !before.has(key);
  const products = await productsOf(db, folded.filter(isNew));
  const kept = folded.filter((each) => !isNew(each) || products.has(each.row.product_key));
  const gone = [...touched].filter(([key]) => rows.get(key) === undefined).map(([, device]) => device);
  await upsertDeviceRows(
    db,
    kept.map(({ row }) => row),
  );
  await deleteDeviceRows(db, gone);
}

/**
 * Whose products are there. A device that is made while its product is being deleted can stand behind the
 * product's end in the log, which is in the order of transaction ids.
 */
async function productsOf(
  db: RegistryTransaction,
  devices: readonly { readonly row: DeviceRow }[],
): Promise<ReadonlySet<string>> {
  const keys = [...new Set(devices.map(({ row }) => row.product_key))];
  if (keys.length === 0) return new Set();
  const found = await db
    .selectFrom('product_view')
    .select('product_key')
    .where('product_key', 'in', keys)
    .execute();
  return new Set(found.map(({ product_key }) => product_key));
}

/** Devices go with their product. */
export async function forgetDevicesOf(db: RegistryTransaction, productKey: string): Promise<void> {
  await db.deleteFrom('device_view').where('product_key', '=', productKey).execute();
}
