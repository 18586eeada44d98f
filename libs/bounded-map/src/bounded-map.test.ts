import { expect, test } from 'vitest';
import { BoundedMap, LeastRecentlyUsedMap } from './bounded-map.ts';

const MAPS = [BoundedMap, LeastRecentlyUsedMap];

test('the entry that was set first makes room, read or not', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([...map.entries()]).toEqual([
    ['b', 2],
    ['c', 3],
  ]);
});

test('the entry that was not used for longest makes room', () => {
  const map = new LeastRecentlyUsedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([...map.entries()]).toEqual([
    ['a', 1],
    ['c', 3],
  ]);
  expect(map.get('b')).toBeUndefined();
});

test.each(MAPS)('%o: replacing an entry needs no room, and makes it the newest', (Map) => {
  const map = new Map<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  expect([...map.values()]).toEqual([2, 3]);
  map.set('c', 4);
  expect([map.size, map.get('b'), map.get('a')]).toEqual([2, undefined, 3]);
});

test.each(MAPS)('%o: entries go one by one, by their keys or all at once', (Map) => {
  const map = new Map<string, number>(9);
  for (const key of ['g1/a', 'g1/b', 'g2/a', 'g2/b']) map.set(key, 1);
  expect([map.delete('g2/a'), map.delete('g2/a')]).toEqual([true, false]);
  map.deleteWhere((key) => key.startsWith('g1/'));
  expect([map.size, map.get('g2/b')]).toEqual([1, 1]);
  map.clear();
  expect(map.size).toBe(0);
});

test.each(MAPS)('%o: whoever made it is told of the entry that makes room, and of no other', (Map) => {
  const gone: unknown[] = [];
  const map = new Map<string, number>(2, (...entry) => gone.push(entry));
  for (const [index, key] of ['a', 'b', 'b', 'c'].entries()) map.set(key, index);
  map.delete('b');
  map.clear();
  expect(gone).toEqual([['a', 0]]);
});

test('keys may be anything, undefined too', () => {
  const map = new BoundedMap<string | undefined, number>(1);
  map.set(undefined, 1);
  map.set('a', 2);
  expect([...map.entries()]).toEqual([['a', 2]]);
});
