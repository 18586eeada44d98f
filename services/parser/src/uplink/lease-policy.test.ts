import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fairShare, leaseEndsAt, partitionsToRelease, partitionsToTry } from './lease-policy.ts';

test.each([
  [4, 0, 4],
  [4, 1, 4],
  [4, 2, 2],
  [4, 3, 2],
  [4, 4, 1],
  [4, 9, 1],
])('of %i partitions, each of %i instances takes at most %i', (partitions, instances, share) => {
  expect(fairShare(partitions, instances)).toBe(share);
});

test('the shares of all instances cover all partitions', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (partitions, instances) => {
      expect(fairShare(partitions, instances) * instances).toBeGreaterThanOrEqual(partitions);
    }),
  );
});

test('what is above the share is given back, the highest numbers first', () => {
  expect(partitionsToRelease(new Set([3, 0, 2]), 2)).toEqual([3]);
  expect(partitionsToRelease(new Set([3, 0]), 2)).toEqual([]);
});

test('every partition that is not owned is tried, beginning at the offset', () => {
  expect(partitionsToTry(4, new Set([3]), 2)).toEqual([2, 0, 1]);
});

test('a lease is relied on for less than its time on the server, counted from the question', () => {
  expect(leaseEndsAt(10_000, 4_000)).toBe(13_000);
});
