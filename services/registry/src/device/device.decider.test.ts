import type { PresenceReport } from '@gatehouse/contracts';
import { deciderSpec } from '@gatehouse/testing';
import { test } from 'vitest';
import { deviceDecider } from './device.decider.ts';
import type { DeviceEvent } from './device.events.ts';

const { given } = deciderSpec(deviceDecider);
const pump = { productKey: 'a1abc', deviceName: 'pump-7' };
const importedAfter = (ignoresSessionsUpTo: number): DeviceEvent => ({
  type: 'DeviceImported',
  data: { ...pump, serialNumber: null, ignoresSessionsUpTo },
});
const imported = importedAfter(0);
const disabled: DeviceEvent = { type: 'DeviceDisabled', data: pump };
const deleted: DeviceEvent = { type: 'DeviceDeleted', data: pump };

const at = '2026-01-02T03:04:05.678Z';
const sessionOf = (session: number) => ({
  ...pump,
  gatewayId: 'gw-1',
  session,
  edgeId: 'edge-1',
  clientId: 'c1',
  remoteAddress: '192.0.2.7',
  protocolVersion: 5 as const,
  at,
});
const connected = (session: number): DeviceEvent => ({ type: 'DeviceConnected', data: sessionOf(session) });
const disconnected = (session: number, isSuperseded = false): DeviceEvent => ({
  type: 'DeviceDisconnected',
  data: { ...sessionOf(session), reason: 'keep-alive', isSuperseded },
});
const report = (type: PresenceReport['type'], session: number) => ({
  type: 'RecordPresence' as const,
  report: { type, ...sessionOf(session), ...(type === 'disconnected' ? { reason: 'keep-alive' } : {}) },
});

test('a device is imported once', () => {
  given()
    .when({ type: 'ImportDevice', ...pump, serialNumber: 'SN1' })
    .expectEvents({ type: 'DeviceImported', data: { ...pump, serialNumber: 'SN1', ignoresSessionsUpTo: 0 } });
  given(imported)
    .when({ type: 'ImportDevice', ...pump, serialNumber: null })
    .expectFailure('REGISTRY_DEVICE_NAME_TAKEN');
});

test('the name of a deleted device is free again', () => {
  given(imported, deleted)
    .when({ type: 'ImportDevice', ...pump, serialNumber: null })
    .expectEvents(imported);
});

test('disabling a disabled device changes nothing, and so does enabling an enabled one', () => {
  given(imported)
    .when({ type: 'DisableDevice', ...pump })
    .expectEvents(disabled);
  given(imported, disabled)
    .when({ type: 'DisableDevice', ...pump })
    .expectNoEvents();
  given(imported)
    .when({ type: 'EnableDevice', ...pump })
    .expectNoEvents();
  given(imported, disabled)
    .when({ type: 'EnableDevice', ...pump })
    .expectEvents({ type: 'DeviceEnabled', data: pump });
});

test.each(['DisableDevice', 'EnableDevice', 'ReplaceDeviceCredentials', 'DeleteDevice'] as const)(
  '%s needs a device that is there',
  (type) => {
    given()
      .when({ type, ...pump })
      .expectFailure('REGISTRY_DEVICE_NOT_FOUND');
    given(imported, deleted)
      .when({ type, ...pump })
      .expectFailure('REGISTRY_DEVICE_NOT_FOUND');
  },
);

test('a connect and its disconnect are written down once', () => {
  given(imported).when(report('connected', 4)).expectEvents(connected(4));
  given(imported, connected(4)).when(report('connected', 4)).expectNoEvents();
  given(imported, connected(4)).when(report('disconnected', 4)).expectEvents(disconnected(4));
  given(imported, connected(4), disconnected(4)).when(report('disconnected', 4)).expectNoEvents();
});

test('the end of a session that was taken over is written down as superseded', () => {
  given(imported, connected(4), connected(9))
    .when(report('disconnected', 4))
    .expectEvents(disconnected(4, true));
});

test('a connect that is older than what was seen is not written down', () => {
  given(imported, connected(9)).when(report('connected', 4)).expectNoEvents();
});

test('reports about a device that is not there are not written down', () => {
  given().when(report('connected', 1)).expectNoEvents();
  given(imported, connected(1), deleted).when(report('disconnected', 1)).expectNoEvents();
});

test('a device that was deleted and imported again ignores the sessions of its former life', () => {
  given(imported, connected(5), deleted)
    .when({ type: 'ImportDevice', ...pump, serialNumber: null })
    .expectEvents(importedAfter(5));
  given(imported, connected(5), deleted, importedAfter(5)).when(report('connected', 5)).expectNoEvents();
  given(imported, connected(5), deleted, importedAfter(5))
    .when(report('connected', 6))
    .expectEvents(connected(6));
});
