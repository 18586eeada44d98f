import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentCounts } from './recent-counts.ts';

test('what happened in one window is counted exactly', () => {
  const counts = new RecentCounts(60_000, 10);
  for (let index = 0; index < 5; index += 1) counts.add('a', 1_000 + index);
  expect([counts.of('a', 1_010), counts.of('b', 1_010)]).toEqual([5, 0]);
});

test('a count fades with its window and is gone after two', () => {
  const counts = new RecentCounts(60_000, 10);
  for (let index = 0; index < 10; index += 1) counts.add('a', 0);
  expect(counts.of('a', 59_999)).toBe(10);
  expect(counts.of('a', 90_000)).toBe(5);
  expect(counts.of('a', 120_000)).toBe(0);
});

test('clearing begins anew, by key and by what keys begin with', () => {
  const counts = new RecentCounts(60_000, 10);
  for (const key of ['g 1 a', 'g 1 b', 'g 12 a']) counts.add(key, 0);
  counts.clear('g 12 a');
  counts.clearWithPrefix('g 1 ');
  expect(counts.size).toBe(0);
});

test('the count is never under what happened in the current window, nor over two windows', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { maxLength: 60 }), (gaps) => {
      const counts = new RecentCounts(60_000, 10);
      const times: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        times.push(now);
        const count = counts.add('a', now);
        const within = (ms: number): number => times.filter((time) => time > now - ms).length;
        expect(count).toBeLessThanOrEqual(within(120_000));
        expect(count).toBeGreaterThanOrEqual(1);
      }
    }),
  );
});
