import { fold } from '@gatehouse/decider';
import { streamVersions } from '@gatehouse/event-store';
import { readStream } from '../event-log/read-events.ts';
import { holdProducts } from '../product/require-product.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { deviceStream } from '../stream-names.ts';
import { deviceStateOf } from './device-row.ts';
import { deviceKeyText, selectDeviceRows, type DeviceKey } from './device-rows.ts';
import { deviceDecider, type DeviceState } from './device.decider.ts';
import { deviceEvent } from './device.events.ts';

export interface VersionedDeviceState {
  readonly state: DeviceState;
  /** Of the stream; 0 without one. */
  readonly version: number;
  /** Of the device; 0 when it is absent. */
  readonly credentialVersion: number;
}

export const ABSENT: VersionedDeviceState = {
  state: deviceDecider.initialState,
  version: 0,
  credentialVersion: 0,
};

/**
 * The states of devices, by {@link deviceKeyText}. A device's row holds its state, so a history of years is not
 * replayed for each connect; devices without a row (new or deleted) are folded from their streams. A device whose
 * product is gone is absent, whatever its stream says; products that are there stay until the transaction ends.
 */
export async function loadDeviceStates(
  db: RegistryTransaction,
  devices: readonly DeviceKey[],
): Promise<Map<string, VersionedDeviceState>> {
  const held = await holdProducts(db, new Set(devices.map(({ productKey }) => productKey)));
  const rows = await selectDeviceRows(db, devices);
  const states = new Map<string, VersionedDeviceState>();
  const rest: DeviceKey[] = [];
  for (const device of devices) {
    const row = rows.get(deviceKeyText(device));
    if (!held.has(device.productKey)) states.set(deviceKeyText(device), ABSENT);
    else if (row === undefined) rest.push(device);
    else {
      states.set(deviceKeyText(device), {
        state: deviceStateOf(row),
        version: row.stream_version,
        credentialVersion: row.credential_version,
      });
    }
  }
  if (rest.length === 0) return states;
  const former = await streamVersions(
    db,
    rest.map(({ productKey, deviceName }) => deviceStream(productKey, deviceName)),
  );
  for (const device of rest) {
    const streamId = deviceStream(device.productKey, device.deviceName);
    states.set(deviceKeyText(device), former.has(streamId) ? await foldStream(db, streamId) : ABSENT);
  }
  return states;
}

async function foldStream(db: RegistryTransaction, streamId: string): Promise<VersionedDeviceState> {
  const history = await readStream(db, streamId);
  const events = history.map(({ type, data }) => deviceEvent.parse({ type, data }));
  return { state: fold(deviceDecider, events), version: history.length, credentialVersion: 0 };
}
