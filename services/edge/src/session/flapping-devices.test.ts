import { createLogger } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { FlappingDevices } from './flapping-devices.ts';
import type { SessionIdentity } from './session.ts';

const pump = { gatewayId: 'g', deviceName: 'pump-1' } as SessionIdentity;

function watch() {
  const metrics = new EdgeMetrics();
  return { metrics, devices: new FlappingDevices(100, { metrics, logger: createLogger('edge', 'silent') }) };
}

test('a device that loses its session more than ten times in a minute is found once', () => {
  const { metrics, devices } = watch();
  for (let index = 0; index < 10; index += 1) devices.ended(pump, 'connection-closed', index * 1_000);
  expect(metrics.flappingDevices.total).toBe(0);
  for (let index = 10; index < 40; index += 1) {
    devices.ended(pump, 'EDGE_SESSION_TAKEN_OVER', index * 1_000);
  }
  expect(metrics.flappingDevices.total).toBe(1);
});

test('one that was calm for a while is found again', () => {
  const { metrics, devices } = watch();
  for (const start of [0, 600_000]) {
    for (let index = 0; index < 12; index += 1) devices.ended(pump, 'connection-closed', start + index);
  }
  expect(metrics.flappingDevices.total).toBe(2);
});

test('sessions that end by DISCONNECT, or by our own doing, are not counted', () => {
  const { metrics, devices } = watch();
  for (const reason of ['client-disconnected', 'EDGE_STOPPING', 'EDGE_ADMISSION_CHANGED']) {
    for (let index = 0; index < 50; index += 1) devices.ended(pump, reason, index);
  }
  expect(metrics.flappingDevices.total).toBe(0);
});
