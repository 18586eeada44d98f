import type { PresenceReport } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { DeviceEvent } from './device.events.ts';
import { DeviceNameTaken, DeviceNotFound } from './device.failures.ts';
import { connected, disconnected, isEndNews, NEVER_SEEN, type Presence } from './presence.ts';

interface DeviceKey {
  readonly productKey: string;
  readonly deviceName: string;
}

export type DeviceCommand =
  | ({ readonly type: 'ImportDevice'; readonly serialNumber: string | null } & DeviceKey)
  /** Nothing happens when it is there already. */
  | ({ readonly type: 'CreateDevice' } & DeviceKey)
  | ({
      readonly type: 'DisableDevice' | 'EnableDevice' | 'ReplaceDeviceCredentials' | 'DeleteDevice';
    } & DeviceKey)
  | { readonly type: 'RecordPresence'; readonly report: PresenceReport };

export interface DeviceState {
  readonly status: 'absent' | 'enabled' | 'disabled';
  /** Outlives a deletion: an old session must not touch a device that was imported again. */
  readonly presence: Presence;
}

export const deviceDecider: Decider<DeviceCommand, DeviceEvent, DeviceState> = {
  initialState: { status: 'absent', presence: NEVER_SEEN },

  decide(command, state) {
    switch (command.type) {
      case 'ImportDevice': {
        const { productKey, deviceName, serialNumber } = command;
        if (state.status !== 'absent') throw new DeviceNameTaken(productKey, deviceName);
        const ignoresSessionsUpTo = state.presence.session;
        return [
          { type: 'DeviceImported', data: { productKey, deviceName, serialNumber, ignoresSessionsUpTo } },
        ];
      }
      case 'CreateDevice': {
        if (state.status !== 'absent') return [];
        const { productKey, deviceName } = command;
        const ignoresSessionsUpTo = state.presence.session;
        return [{ type: 'DeviceCreated', data: { productKey, deviceName, ignoresSessionsUpTo } }];
      }
      case 'DisableDevice':
        return present(command, state).status === 'disabled' ? [] : [bare('DeviceDisabled', command)];
      case 'EnableDevice':
        return present(command, state).status === 'enabled' ? [] : [bare('DeviceEnabled', command)];
      case 'ReplaceDeviceCredentials':
        present(command, state);
        return [bare('DeviceCredentialsReplaced', command)];
      case 'DeleteDevice':
        present(command, state);
        return [bare('DeviceDeleted', command)];
      case 'RecordPresence':
        return recordPresence(command.report, state);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'DeviceImported':
      case 'DeviceCreated':
        return { status: 'enabled', presence: { ...NEVER_SEEN, session: event.data.ignoresSessionsUpTo } };
      case 'DeviceConnected':
        return { ...state, presence: connected(state.presence, event.data.session) };
      case 'DeviceDisconnected':
        return { ...state, presence: disconnected(state.presence, event.data.session) };
      case 'DeviceDisabled':
        return { ...state, status: 'disabled' };
      case 'DeviceEnabled':
        return { ...state, status: 'enabled' };
      case 'DeviceCredentialsReplaced':
        return state;
      case 'DeviceDeleted':
        return { ...state, status: 'absent' };
    }
  },
};

/** A report that was written down before, or that is older than what was seen, is no news. */
function recordPresence(report: PresenceReport, { status, presence }: DeviceState): readonly DeviceEvent[] {
  if (status === 'absent') return [];
  const { productKey, deviceName, gatewayId, session, edgeId, clientId, remoteAddress, protocolVersion, at } =
    report;
  const data = {
    productKey,
    deviceName,
    gatewayId,
    session,
    edgeId,
    clientId,
    remoteAddress,
    protocolVersion,
    at,
  };
  if (report.type === 'connected') {
    return session > presence.session ? [{ type: 'DeviceConnected', data }] : [];
  }
  if (!isEndNews(presence, session)) return [];
  const reason = report.reason ?? 'unknown';
  const isSuperseded = session < presence.session;
  return [{ type: 'DeviceDisconnected', data: { ...data, reason, isSuperseded } }];
}

function present(device: DeviceKey, state: DeviceState): DeviceState {
  if (state.status === 'absent') throw new DeviceNotFound(device.productKey, device.deviceName);
  return state;
}

type BareEvent = Extract<
  DeviceEvent,
  { type: 'DeviceDisabled' | 'DeviceEnabled' | 'DeviceCredentialsReplaced' | 'DeviceDeleted' }
>;

function bare(type: BareEvent['type'], { productKey, deviceName }: DeviceKey): BareEvent {
  return { type, data: { productKey, deviceName } };
}
