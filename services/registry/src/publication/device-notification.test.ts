import type { RecordedEvent } from '@gatehouse/event-store';
import { expect, test } from 'vitest';
import { deviceStream } from '../stream-names.ts';
import { notificationOf } from './device-notification.ts';

const device = { productKey: 'a1x', deviceName: 'pump.7' };
const session = {
  ...device,
  gatewayId: 'g1',
  session: 4,
  edgeId: 'e1',
  clientId: 'c1',
  remoteAddress: '192.0.2.7',
  protocolVersion: 5,
  at: '2026-08-31T07:32:28.205Z',
};
const event = (type: string, data: object): RecordedEvent => ({
  globalPosition: '7',
  transactionId: '9',
  streamId: deviceStream('a1x', 'pump.7'),
  streamVersion: 2,
  type,
  schemaVersion: 1,
  data: { ...data },
  metadata: { actor: 'edge' },
  recordedAt: new Date('2026-08-31T07:32:28.300Z'),
});

test('a connected device is online, ordered by when it connected', () => {
  const notification = notificationOf(event('DeviceConnected', session));
  expect(notification?.subject).toBe('presence.v1.a1x.pump%2E7');
  expect(notification?.payload).toMatchObject({
    status: 'online',
    ...device,
    utcTime: '2026-08-31T07:32:28.300Z',
    utcLastTime: '2026-08-31T07:32:28.205Z',
    clientIp: '192.0.2.7',
  });
  expect(notification?.payload['time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
});

test('the end of the newest session is offline, the end of a replaced one is no news', () => {
  const end = { ...session, reason: 'closed' };
  expect(notificationOf(event('DeviceDisconnected', { ...end, isSuperseded: false }))?.payload).toMatchObject(
    {
      status: 'offline',
    },
  );
  expect(notificationOf(event('DeviceDisconnected', { ...end, isSuperseded: true }))).toBeUndefined();
});

test.each([
  ['DeviceImported', { ...device, serialNumber: null }, 'create'],
  ['DeviceEnabled', device, 'enable'],
  ['DeviceDisabled', device, 'disable'],
  ['DeviceDeleted', device, 'delete'],
])('%s is a lifecycle notification without any secret', (type, data, action) => {
  expect(notificationOf(event(type, data))).toEqual({
    subject: 'lifecycle.v1.a1x.pump%2E7',
    payload: {
      action,
      iotId: 'a1x/pump.7',
      ...device,
      messageCreateTime: Date.parse('2026-08-31T07:32:28.300Z'),
    },
  });
});

test('other events are no news for applications', () => {
  expect(notificationOf(event('DeviceCredentialsReplaced', device))).toBeUndefined();
  expect(notificationOf(event('GatewayCreated', { gatewayId: 'g1' }))).toBeUndefined();
});
