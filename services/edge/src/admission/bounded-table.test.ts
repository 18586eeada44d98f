import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedTable } from './bounded-table.ts';

const never = (): boolean => false;

test('a full table forgets what was set longest ago', () => {
  const table = new BoundedTable<number>(2, never);
  table.set('a', 1);
  table.set('b', 2);
  table.set('a', 3);
  table.set('c', 4);
  expect([table.get('a'), table.get('b'), table.get('c')]).toEqual([3, undefined, 4]);
  expect([table.size, table.forgotten]).toEqual([2, 1]);
});

test('what is over is not there, and leaves as others come', () => {
  let now = 0;
  const table = new BoundedTable<number>(100, (until) => until <= now);
  for (let index = 0; index < 50; index += 1) table.set(`k${index}`, 10);
  now = 10;
  expect(table.get('k0')).toBeUndefined();
  for (let index = 0; index < 25; index += 1) table.set(`n${index}`, 20);
  expect([table.size, table.forgotten]).toEqual([25, 0]);
});

test('it never holds more than its limit', () => {
  const keys = fc.array(fc.nat(30), { maxLength: 200 });
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 10 }), (sequence, limit) => {
      const table = new BoundedTable<number>(limit, never);
      for (const [index, key] of sequence.entries()) {
        table.set(String(key), index);
        expect(table.size).toBeLessThanOrEqual(limit);
        expect(table.get(String(key))).toBe(index);
      }
    }),
  );
});
