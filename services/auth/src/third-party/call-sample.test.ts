import { CircuitState } from 'cockatiel';
import { expect, test } from 'vitest';
import { CallSample } from './call-sample.ts';

const newSample = (minCalls = 4) => new CallSample({ windowMs: 10_000, failureShare: 0.5, minCalls });

test('failures of one address weigh as one, those of several each', () => {
  const sample = newSample();
  sample.succeeded(0);
  for (let now = 0; now < 1_000; now += 1) sample.failed('192.0.2.1', now);
  expect(sample.hasTooManyFailures(1_000)).toBe(false);
  for (const last of [2, 3]) sample.failed(`192.0.2.${last}`, 1_000);
  expect(sample.hasTooManyFailures(1_000)).toBe(true);
});

test('what is older than the window does not count', () => {
  const sample = newSample(2);
  sample.failed('192.0.2.1', 0);
  sample.failed('192.0.2.2', 5_000);
  expect([9_000, 10_000].map((now) => sample.hasTooManyFailures(now))).toEqual([true, false]);
});

test('successes hold it closed for as long as they are in the window', () => {
  const sample = newSample(3);
  for (let count = 0; count < 3; count += 1) sample.succeeded(0);
  for (const last of [1, 2, 3]) sample.failed(`192.0.2.${last}`, 9_000);
  expect([9_000, 10_000].map((now) => sample.hasTooManyFailures(now))).toEqual([false, true]);
});

test('the call that tried and succeeded begins a new sample', () => {
  const sample = newSample(1);
  sample.failed('192.0.2.1');
  expect(sample.failure(CircuitState.Closed)).toBe(true);
  sample.success(CircuitState.HalfOpen);
  expect(sample.failure(CircuitState.Closed)).toBe(false);
});
