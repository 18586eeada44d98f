import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.ts';

test('the entry that was not used for longest makes room', () => {
  const cache = new BoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c'), cache.size]).toEqual([1, undefined, 3, 2]);
});

test('replacing an entry needs no room', () => {
  const cache = new BoundedCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  cache.set('a', 3);
  expect([cache.get('a'), cache.get('b')]).toEqual([3, 2]);
});

test('entries go one by one, by prefix or all at once', () => {
  const cache = new BoundedCache<number>(9);
  for (const key of ['g1/a', 'g1/b', 'g2/a', 'g2/b']) cache.set(key, 1);
  cache.delete('g2/a');
  cache.deleteWithPrefix('g1/');
  expect([cache.size, cache.get('g2/b')]).toEqual([1, 1]);
  cache.clear();
  expect(cache.size).toBe(0);
});
