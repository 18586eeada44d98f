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
 * back; three statements for any number of devices.
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
  const rows = new Map<string, DeviceRow | undefined>(await selectDeviceRows(db, [...touched.values()]));
  for (const each of events) {
    const key = deviceKeyText(each.event.data);
    rows.set(key, evolveDeviceRow(rows.get(key), each));
  }

  const kept = [...rows.values()].filter((row) => row !== undefined);
  const gone = [...touched].filter(([key]) => rows.get(key) === undefined).map(([, device]) => device);
  await upsertDeviceRows(db, kept);
  await deleteDeviceRows(db, gone);
}

/** Devices go with their product. */
export async function forgetDevicesOf(db: RegistryTransaction, productKey: string): Promise<void> {
  await db.deleteFrom('device_view').where('product_key', '=', productKey).execute();
}
