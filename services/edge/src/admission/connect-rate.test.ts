import { expect, test } from 'vitest';
import { ConnectRate } from './connect-rate.ts';

const refusal = expect.objectContaining({ code: 'EDGE_CONNECT_RATE_EXCEEDED', reasonCode: 0x9f });

test('a device connects as often as allowed at once, then as fast as its bucket fills', () => {
  const rate = new ConnectRate(10);
  const take = (seconds: number): void => rate.take('g', 'pump', 6, seconds * 1_000);
  for (let index = 0; index < 6; index += 1) take(0);
  expect(() => take(9)).toThrow(refusal);
  take(10);
  expect(() => take(11)).toThrow(refusal);
  rate.take('g', 'other', 6, 11_000);
});

test('the refusal says how long to wait', () => {
  const rate = new ConnectRate(10);
  rate.take('g', 'pump', 1, 0);
  expect(() => rate.take('g', 'pump', 1, 15_000)).toThrow(/in 45 s/);
});

test('a connect that is given back is not counted', () => {
  const rate = new ConnectRate(10);
  for (let index = 0; index < 20; index += 1) {
    rate.take('g', 'pump', 1, index);
    rate.giveBack('g', 'pump', 1);
  }
  rate.take('g', 'pump', 1, 20);
  expect(() => rate.take('g', 'pump', 1, 21)).toThrow(refusal);
});

test('without a limit nothing is counted', () => {
  const rate = new ConnectRate(10);
  for (let index = 0; index < 100; index += 1) rate.take('g', 'pump', null, 0);
  expect(rate.devices).toBe(0);
});

test('a limit that was lowered or raised holds from the next connect', () => {
  const rate = new ConnectRate(10);
  rate.take('g', 'pump', 100, 0);
  rate.take('g', 'pump', 1, 1);
  expect(() => rate.take('g', 'pump', 1, 2)).toThrow(refusal);
});
