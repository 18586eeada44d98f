import { expect, test } from 'vitest';
import { RestartBackoff } from './restart-backoff.ts';

test('a process that keeps dying is started again less and less often', () => {
  const backoff = new RestartBackoff();
  expect(Array.from({ length: 8 }, () => backoff.next(100))).toEqual([
    250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ]);
});

test('a process that ran for half a minute is started again at once', () => {
  const backoff = new RestartBackoff();
  for (let i = 0; i < 5; i += 1) backoff.next(100);
  expect(backoff.next(30_000)).toBe(250);
  expect(backoff.next(29_999)).toBe(500);
});
