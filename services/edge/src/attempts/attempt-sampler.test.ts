import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttemptSampler } from './attempt-sampler.ts';

test('so many of a kind are taken in a minute, and the next one tells how many were not', () => {
  const sampler = new AttemptSampler();
  const taken = [0, 1, 2, 59_999, 60_000, 60_001].map((now) => sampler.take('gw-1 192.0.2.1', 2, now));
  expect(taken).toEqual([0, 0, undefined, undefined, 2, 0]);
});

test('one kind does not use up what another may have', () => {
  const sampler = new AttemptSampler();
  expect([sampler.take('a', 1, 0), sampler.take('a', 1, 0), sampler.take('b', 1, 0)]).toEqual([
    0,
    undefined,
    0,
  ]);
});

test('with a limit of 0 nothing is taken', () => {
  expect(new AttemptSampler().take('a', 0, 0)).toBeUndefined();
});

test('the kind that is known longest is forgotten when there are too many', () => {
  const sampler = new AttemptSampler(2);
  for (const kind of ['a', 'b', 'c']) sampler.take(kind, 1, 0);
  expect([sampler.size, sampler.take('c', 1, 0), sampler.take('a', 1, 0)]).toEqual([2, undefined, 0]);
});

test('what another sampler did not take is told by the next that is taken', () => {
  const sampler = new AttemptSampler();
  const taken = [0, 3, 0, 2].map((untold, minute) =>
    sampler.take('gw-1', 1, minute < 3 ? 0 : 60_000, untold),
  );
  expect(taken).toEqual([0, undefined, undefined, 3 + 1 + 1 + 2]);
});

test('every attempt is either taken or counted by the next one that is, and never too many are', () => {
  const moves = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(30_000)), { maxLength: 200 });
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 4 }), (steps, perMinute) => {
      const sampler = new AttemptSampler();
      const seen = { a: 0, b: 0 };
      const accounted = { a: 0, b: 0 };
      const takenAt: Record<'a' | 'b', number[]> = { a: [], b: [] };
      let now = 0;
      for (const [kind, pause] of steps) {
        now += pause;
        seen[kind] += 1;
        const notRecorded = sampler.take(kind, perMinute, now);
        if (notRecorded === undefined) continue;
        accounted[kind] += notRecorded + 1;
        expect(accounted[kind]).toBe(seen[kind]);
        takenAt[kind].push(now);
        // Windows begin when a kind is new, so that at most two of them touch any one minute.
        const lately = takenAt[kind].filter((at) => now - at < 60_000).length;
        expect(lately).toBeLessThanOrEqual(2 * perMinute);
      }
    }),
  );
});
