import type { DeviceStateAt, DeviceStatus } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { evolveDeviceRow, type DeviceRow } from '../device/device-row.ts';
import type { DeviceKey } from '../device/device-rows.ts';
import { deviceViewOf } from '../device/device-view.ts';
import { deviceEvent } from '../device/device.events.ts';
import { DeviceNotFound } from '../device/device.failures.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { deviceStream, productStream } from '../stream-names.ts';
import { lastChange } from './last-change.ts';
import { streamAt } from './stream-at.ts';

/** A device as it was. @throws {DeviceNotFound} when there was no such device at that instant */
export async function deviceAt(
  db: RegistryDb,
  { productKey, deviceName }: DeviceKey,
  at: Date,
): Promise<DeviceStateAt> {
  const streamId = deviceStream(productKey, deviceName);
  const found = await streamAt(db, { streamId, at }, undefined, evolve);
  if (found?.state === undefined || (await isProductGone(db, productKey, at))) {
    throw new DeviceNotFound(productKey, deviceName);
  }
  const row = found.state;
  return { ...deviceViewOf({ ...row, status: statusOf(row) }), ...lastChange(found.last) };
}

/** Devices go with their product, which is no event of their own. */
async function isProductGone(db: RegistryDb, productKey: string, at: Date): Promise<boolean> {
  const stream = { streamId: productStream(productKey), at };
  const product = await streamAt(db, stream, '', (_last, { type }) => type);
  return product?.state === 'ProductDeleted';
}

function evolve(row: DeviceRow | undefined, recorded: RecordedEvent): DeviceRow | undefined {
  const { type, data, streamVersion, recordedAt } = recorded;
  return evolveDeviceRow(row, { event: deviceEvent.parse({ type, data }), streamVersion, recordedAt });
}

/** As the database derives it for the rows of now. */
function statusOf(row: DeviceRow): DeviceStatus {
  if (row.is_disabled) return 'DISABLE';
  if (row.is_online) return 'ONLINE';
  return row.activated_at === null ? 'UNACTIVE' : 'OFFLINE';
}
