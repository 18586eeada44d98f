import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedTable } from './bounded-table.ts';

const never = (): boolean => false;

test('what was set last is there, what was set long ago is forgotten when the table is full', () => {
  const table = new BoundedTable<number>(4, never);
  for (const [index, key] of ['a', 'b', 'a', 'c', 'd', 'e'].entries()) table.set(key, index);
  expect(['a', 'b', 'c', 'd', 'e'].map((key) => table.get(key))).toEqual([undefined, undefined, 3, 4, 5]);
});

test('a key that is set again and again is never forgotten', () => {
  const table = new BoundedTable<number>(4, never);
  for (let index = 0; index < 100; index += 1) {
    table.set('often', index);
    table.set(`once-${index}`, index);
    expect(table.get('often')).toBe(index);
  }
});

test('what is over is not there', () => {
  let now = 0;
  const table = new BoundedTable<number>(100, (until) => until <= now);
  table.set('a', 10);
  expect(table.get('a')).toBe(10);
  now = 10;
  expect(table.get('a')).toBeUndefined();
});

test('it never holds more than its limit, and at least the half of it that was set last', () => {
  const keys = fc.array(fc.nat(30), { maxLength: 200 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 2, max: 10 }), (sequence, limit) => {
      const table = new BoundedTable<number>(limit, never);
      const latest: string[] = [];
      for (const [index, key] of sequence.entries()) {
        table.set(String(key), index);
        latest.splice(0, latest.length, ...latest.filter((each) => each !== String(key)), String(key));
        expect(table.size).toBeLessThanOrEqual(limit);
        for (const each of latest.slice(-Math.floor(limit / 2))) expect(table.get(each)).toBeDefined();
      }
    }),
  );
});
