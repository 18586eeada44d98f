import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { evolveDeviceRow, type DeviceRow, type RecordedDeviceEvent } from './device-row.ts';
import {
  deleteDeviceRows,
  deviceKeyText,
  deviceOfKeyText,
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
  const events = deviceEventsOf(recorded);
  if (events.length === 0) return;
  const rows = new Map<string, DeviceRow | undefined>(
    await selectDeviceRows(db, [...touchedBy(events).values()]),
  );
  foldDeviceEvents(rows, events);
  await writeDeviceRows(db, rows);
}

/** Devices go with their product. */
export async function forgetDevicesOf(db: RegistryTransaction, productKey: string): Promise<void> {
  await db.deleteFrom('device_view').where('product_key', '=', productKey).execute();
}

export function deviceEventsOf(recorded: readonly RecordedEvent[]): RecordedDeviceEvent[] {
  return recorded
    .filter(({ streamId }) => streamId.startsWith('device/'))
    .map(({ type, data, streamVersion, recordedAt }) => ({
      event: deviceEvent.parse({ type, data }),
      streamVersion,
      recordedAt,
    }));
}

/** The devices of events by {@link deviceKeyText}. */
export function touchedBy(events: readonly RecordedDeviceEvent[]): Map<string, DeviceKey> {
  return new Map(events.map(({ event: { data } }) => [deviceKeyText(data), data]));
}

/** @param rows by {@link deviceKeyText}; undefined is no row */
export function foldDeviceEvents(
  rows: Map<string, DeviceRow | undefined>,
  events: readonly RecordedDeviceEvent[],
): void {
  for (const each of events) {
    const key = deviceKeyText(each.event.data);
    rows.set(key, evolveDeviceRow(rows.get(key), each));
  }
}

/** @param rows by {@link deviceKeyText}; undefined is a device that is gone */
export async function writeDeviceRows(
  db: RegistryTransaction,
  rows: ReadonlyMap<string, DeviceRow | undefined>,
): Promise<void> {
  await upsertDeviceRows(
    db,
    [...rows.values()].filter((row) => row !== undefined),
  );
  await deleteDeviceRows(
    db,
    [...rows].filter(([, row]) => row === undefined).map(([key]) => deviceOfKeyText(key)),
  );
}
