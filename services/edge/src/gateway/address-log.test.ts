import { expect, test } from 'vitest';
import { AddressLog } from './address-log.ts';

test('an address is news once in an interval', () => {
  const log = new AddressLog(60_000);
  expect(log.isNews('192.0.2.1', 0)).toBe(true);
  expect(log.isNews('192.0.2.1', 59_999)).toBe(false);
  expect(log.isNews('192.0.2.2', 59_999)).toBe(true);
  expect(log.isNews('192.0.2.1', 60_000)).toBe(true);
});

test('the oldest address is forgotten when there are too many', () => {
  const log = new AddressLog(60_000);
  for (let index = 0; index <= 1_000; index += 1) log.isNews(String(index), 0);
  expect([log.isNews('1', 1), log.isNews('0', 1)]).toEqual([false, true]);
});
