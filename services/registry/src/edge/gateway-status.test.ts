import type { EdgeEntry } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { gatewayStatusOf } from './gateway-status.ts';

const edge = (...listeners: EdgeEntry['listeners']): EdgeEntry => ({
  startedAt: '2026-01-01T00:00:00.000Z',
  connections: 0,
  listeners,
});
const listening = (version: number) => ({ gatewayId: 'g1', version, status: 'listening' }) as const;
const failed = (version: number) =>
  ({ gatewayId: 'g1', version, status: 'failed', reason: 'port 1883 is taken' }) as const;
const statusOf = (...edges: EdgeEntry[]) =>
  gatewayStatusOf('g1', 3, new Map(edges.map((entry, index) => [`e${index}`, entry])));

test('without a live edge a gateway is starting', () => {
  expect(statusOf().status).toBe('starting');
});

test('a gateway listens once every live edge listens with its current version', () => {
  expect(statusOf(edge(listening(3)), edge(listening(3))).status).toBe('listening');
  expect(statusOf(edge(listening(3)), edge(listening(2))).status).toBe('starting');
  expect(statusOf(edge(listening(3)), edge()).status).toBe('starting');
});

test('one edge that cannot listen makes the gateway failed, with its reason', () => {
  expect(statusOf(edge(listening(3)), edge(failed(3)))).toEqual({
    status: 'failed',
    reason: 'edge e1: port 1883 is taken',
  });
});

test('the failure of an earlier version does not count', () => {
  expect(statusOf(edge(failed(2))).status).toBe('starting');
});
