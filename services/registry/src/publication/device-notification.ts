import { lifecycleSubject, presenceSubject } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { z } from 'zod';
import { streamNameOf } from '../stream-names.ts';

export interface DeviceNotification {
  readonly subject: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * What applications are told of an event, in the reference platform's format: presence when a device comes
 * and goes, lifecycle when it is made, deleted, enabled or disabled. Undefined for all other events. The end
 * of a session that a newer one had replaced is no news: the device never left.
 */
export function notificationOf(event: RecordedEvent): DeviceNotification | undefined {
  const { aggregate, ids } = streamNameOf(event.streamId);
  const [productKey, deviceName] = ids;
  if (aggregate !== 'device' || productKey === undefined || deviceName === undefined) return undefined;
  const action = LIFECYCLE_ACTIONS[event.type];
  if (action !== undefined) return lifecycle(action, { productKey, deviceName }, event.recordedAt);
  const status = PRESENCE_STATUS[event.type];
  if (status === undefined) return undefined;
  const session = sessionData.parse(event.data);
  if (session.isSuperseded) return undefined;
  return presence(status, { productKey, deviceName, ...session }, event.recordedAt);
}

const LIFECYCLE_ACTIONS: Readonly<Record<string, 'create' | 'delete' | 'enable' | 'disable'>> = {
  DeviceImported: 'create',
  DeviceCreated: 'create',
  DeviceEnabled: 'enable',
  DeviceDisabled: 'disable',
  DeviceDeleted: 'delete',
};

const PRESENCE_STATUS: Readonly<Record<string, 'online' | 'offline'>> = {
  DeviceConnected: 'online',
  DeviceDisconnected: 'offline',
};

/** What is needed of an event, so that it may grow. */
const sessionData = z.object({
  remoteAddress: z.string(),
  at: z.iso.datetime(),
  isSuperseded: z.boolean().default(false),
});

interface DeviceId {
  readonly productKey: string;
  readonly deviceName: string;
}

function lifecycle(action: string, { productKey, deviceName }: DeviceId, at: Date): DeviceNotification {
  return {
    subject: lifecycleSubject(productKey, deviceName),
    payload: {
      action,
      iotId: `${productKey}/${deviceName}`,
      productKey,
      deviceName,
      messageCreateTime: at.getTime(),
    },
  };
}

/** Readers order by `lastTime`, when it happened; `time` is when it was written down. */
function presence(
  status: 'online' | 'offline',
  { productKey, deviceName, remoteAddress, at }: DeviceId & z.infer<typeof sessionData>,
  recordedAt: Date,
): DeviceNotification {
  return {
    subject: presenceSubject(productKey, deviceName),
    payload: {
      status,
      productKey,
      deviceName,
      time: localTime(recordedAt),
      utcTime: recordedAt.toISOString(),
      lastTime: localTime(new Date(at)),
      utcLastTime: new Date(at).toISOString(),
      clientIp: remoteAddress,
    },
  };
}

/** `2018-08-31 15:32:28.205`, in the time zone of this process (TZ). */
function localTime(time: Date): string {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().replace('T', ' ').replace('Z', '');
}
