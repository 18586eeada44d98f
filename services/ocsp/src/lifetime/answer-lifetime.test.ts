import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retrySeconds, usedUntil } from './answer-lifetime.ts';

const limits = { minSeconds: 300, maxSeconds: 3_600 };
const now = new Date('2026-11-22T10:00:00Z');
const at = (text: string): Date => new Date(`2026-11-22T${text}Z`);

test.each([
  ['its end is near', at('10:02:00'), at('10:02:00')],
  ['its end is far', at('23:00:00'), at('11:00:00')],
  ['it has no end', undefined, at('10:05:00')],
])('how long an answer is used when %s', (_title, nextUpdate, expected) => {
  expect(usedUntil({ thisUpdate: now, nextUpdate }, limits, now)).toEqual(expected);
});

test('no answer is used beyond its nextUpdate or longer than the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: -86_400, max: 864_000 }), (seconds) => {
      const nextUpdate = new Date(now.getTime() + seconds * 1_000);
      const until = usedUntil({ thisUpdate: now, nextUpdate }, limits, now);
      expect(until <= nextUpdate).toBe(true);
      expect(until.getTime() - now.getTime()).toBeLessThanOrEqual(3_600_000);
    }),
  );
});

test('pauses double up to their limit, and chance only shortens them', () => {
  const pause = { firstSeconds: 30, maxSeconds: 300 };
  expect([1, 2, 3, 4, 5, 100].map((failures) => retrySeconds(failures, pause, 0))).toEqual([
    30, 60, 120, 240, 300, 300,
  ]);
  expect(retrySeconds(1, pause, 1)).toBe(24);
});
