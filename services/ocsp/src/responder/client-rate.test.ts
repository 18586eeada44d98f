import { AllowList } from '@gatehouse/outbound';
import { expect, test } from 'vitest';
import { ClientRate } from './client-rate.ts';

const rateOf = (perMinute: number): ClientRate =>
  new ClientRate({ perMinute, unlimited: AllowList.parse('10.0.0.0/8, ::1') });
const admitted = (rate: ClientRate, address: string, times: number, nowMs = 0): number =>
  Array.from({ length: times }, () => rate.admits(address, nowMs)).filter(Boolean).length;

test('a client may ask so often a minute, and again as time goes by', () => {
  const rate = rateOf(60);
  expect(admitted(rate, '192.0.2.1', 100)).toBe(60);
  expect(admitted(rate, '192.0.2.1', 100, 10_000)).toBe(10);
  expect(admitted(rate, '192.0.2.1', 100, 3_600_000)).toBe(60);
});

test('clients do not count for each other, and a /64 of IPv6 is one client', () => {
  const rate = rateOf(2);
  expect(admitted(rate, '192.0.2.1', 3)).toBe(2);
  expect(admitted(rate, '192.0.2.2', 3)).toBe(2);
  expect(admitted(rate, '2001:db8::1', 1)).toBe(1);
  expect(admitted(rate, '2001:db8::2', 2)).toBe(1);
  expect(admitted(rate, '::ffff:192.0.2.1', 1)).toBe(0);
});

test('those who are listed ask as often as they like, and with 0 everybody does', () => {
  expect(admitted(rateOf(1), '10.1.2.3', 50)).toBe(50);
  expect(admitted(rateOf(1), '::ffff:10.1.2.3', 50)).toBe(50);
  expect(admitted(rateOf(0), '192.0.2.1', 50)).toBe(50);
});

test('a flood from many addresses is remembered no longer than there is room', () => {
  const rate = rateOf(1);
  expect(admitted(rate, '192.0.2.1', 1)).toBe(1);
  for (let client = 0; client < 10_000; client += 1) rate.admits(`198.51.${client >> 8}.${client & 255}`, 0);
  expect(admitted(rate, '192.0.2.1', 1)).toBe(1);
});
