import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeviceBudgets } from './device-budgets.ts';

const LIMITS = { scriptMsPerSecond: 100, failuresPerSecond: 8 };

test('a device that fails as often as it may is never throttled', () => {
  const budgets = new DeviceBudgets(LIMITS);
  for (let now = 0; now < 120_000; now += 125) budgets.failed('pump', now);
  expect(budgets.leftMs('pump', 120_000)).toBe(0);
});

test('a device that fails eighty messages at once is throttled for five seconds, and others are not', () => {
  const budgets = new DeviceBudgets(LIMITS);
  budgets.failed('mixer', 0);
  for (let each = 0; each < 79; each += 1) budgets.failed('pump', 0);
  expect(budgets.hasThrottled).toBe(false);
  budgets.failed('pump', 0);
  expect([0, 4_000, 5_000].map((now) => budgets.leftMs('pump', now))).toEqual([5_000, 1_000, 0]);
  expect(budgets.leftMs('mixer', 0)).toBe(0);
  expect(budgets.hasThrottled).toBe(false);
});

test('a second of script time at once is more than a device may take', () => {
  const budgets = new DeviceBudgets(LIMITS);
  for (let each = 0; each < 40; each += 1) budgets.took('pump', 25, each * 25);
  expect(budgets.leftMs('pump', 1_000)).toBe(0);
  for (let each = 40; each < 50; each += 1) budgets.took('pump', 25, each * 25);
  expect(budgets.leftMs('pump', 1_250)).toBeGreaterThan(0);
});

test('the third message that breaks its isolate is the last for a while, and each return costs one more', () => {
  const budgets = new DeviceBudgets(LIMITS);
  for (let now = 0; now < 600; now += 200) {
    expect(budgets.leftMs('pump', now)).toBe(0);
    budgets.broke('pump', now);
  }
  const lengths: number[] = [];
  let now = 400;
  for (let each = 0; each < 6; each += 1) {
    lengths.push(budgets.leftMs('pump', now));
    now += budgets.leftMs('pump', now);
    budgets.broke('pump', now);
  }
  expect(lengths).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('a device that behaved for a minute begins afresh', () => {
  const budgets = new DeviceBudgets(LIMITS);
  for (let each = 0; each < 80; each += 1) budgets.failed('pump', 0);
  for (let each = 0; each < 80; each += 1) budgets.failed('pump', 65_000);
  expect(budgets.leftMs('pump', 65_000)).toBe(5_000);
});

test('however many devices fail, a limited number is remembered', () => {
  const budgets = new DeviceBudgets(LIMITS);
  for (let device = 0; device < 5_000; device += 1) {
    for (let each = 0; each < 80; each += 1) budgets.failed(`pump-${device}`, 0);
  }
  expect(budgets.leftMs('pump-0', 0)).toBe(0);
  expect(budgets.leftMs('pump-4999', 0)).toBe(5_000);
});

test('nobody is throttled for longer than a minute', () => {
  const step = fc.record({ afterMs: fc.integer({ min: 0, max: 30_000 }), broke: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const budgets = new DeviceBudgets(LIMITS);
      let now = 0;
      for (const { afterMs, broke } of steps) {
        now += afterMs;
        if (broke) budgets.broke('pump', now);
        else budgets.failed('pump', now);
        expect(budgets.leftMs('pump', now)).toBeLessThanOrEqual(60_000);
      }
      expect(budgets.leftMs('pump', now + 60_000)).toBe(0);
    }),
  );
});
