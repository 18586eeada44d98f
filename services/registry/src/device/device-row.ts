import type { Selectable } from 'kysely';
import type { DeviceViewTable } from '../schema/registry-database.ts';
import type { DeviceState } from './device.decider.ts';
import type { DeviceEvent } from './device.events.ts';
import { connected, disconnected, type Presence } from './presence.ts';

/** A device as the view has it, without the column that the database derives. */
export type DeviceRow = Omit<Selectable<DeviceViewTable>, 'status'>;

export interface RecordedDeviceEvent {
  readonly event: DeviceEvent;
  readonly streamVersion: number;
  readonly recordedAt: Date;
}

/** What a row becomes by one event; undefined is no row. */
export function evolveDeviceRow(
  row: DeviceRow | undefined,
  recorded: RecordedDeviceEvent,
): DeviceRow | undefined {
  const { event, streamVersion, recordedAt } = recorded;
  if (event.type === 'DeviceImported' || event.type === 'DeviceCreated') return newRow(recorded, event);
  if (row === undefined || event.type === 'DeviceDeleted') return undefined;
  const changed = { ...row, stream_version: streamVersion, updated_at: recordedAt };
  switch (event.type) {
    case 'DeviceConnected':
    case 'DeviceDisconnected':
      return evolvePresence(changed, event);
    case 'DeviceDisabled':
      return { ...changed, is_disabled: true };
    case 'DeviceEnabled':
      return { ...changed, is_disabled: false };
    case 'DeviceCredentialsReplaced':
      return { ...changed, credential_version: streamVersion };
  }
}

/** The state that device commands decide on, as {@link evolveDeviceRow} keeps it. */
export function deviceStateOf(row: DeviceRow): DeviceState {
  return { status: row.is_disabled ? 'disabled' : 'enabled', presence: presenceOf(row) };
}

function newRow(
  { streamVersion, recordedAt }: RecordedDeviceEvent,
  { type, data }: Extract<DeviceEvent, { type: 'DeviceImported' | 'DeviceCreated' }>,
): DeviceRow {
  return {
    product_key: data.productKey,
    device_name: data.deviceName,
    stream_version: streamVersion,
    serial_number: type === 'DeviceImported' ? data.serialNumber : null,
    is_disabled: false,
    credential_version: streamVersion,
    is_online: false,
    session: String(data.ignoresSessionsUpTo),
    open_sessions: [],
    gateway_id: null,
    edge_id: null,
    client_id: null,
    remote_address: null,
    protocol_version: null,
    created_at: recordedAt,
    activated_at: null,
    last_online_at: null,
    last_offline_at: null,
    updated_at: recordedAt,
  };
}

function evolvePresence(
  row: DeviceRow,
  { type, data }: Extract<DeviceEvent, { type: 'DeviceConnected' | 'DeviceDisconnected' }>,
): DeviceRow {
  const before = presenceOf(row);
  const isConnect = type === 'DeviceConnected';
  const presence = isConnect ? connected(before, data.session) : disconnected(before, data.session);
  const folded = {
    ...row,
    session: String(presence.session),
    is_online: presence.isOnline,
    open_sessions: [...presence.openSessions],
  };
  if (data.session < before.session) return folded;
  const at = new Date(data.at);
  return {
    ...folded,
    gateway_id: data.gatewayId,
    edge_id: data.edgeId,
    client_id: data.clientId,
    remote_address: data.remoteAddress,
    protocol_version: data.protocolVersion,
    activated_at: row.activated_at ?? at,
    ...(isConnect ? { last_online_at: at } : { last_offline_at: at }),
  };
}

function presenceOf(row: DeviceRow): Presence {
  return { session: Number(row.session), isOnline: row.is_online, openSessions: row.open_sessions };
}
