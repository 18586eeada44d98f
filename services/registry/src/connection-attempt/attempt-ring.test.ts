import { expect, test } from 'vitest';
import { attemptOf } from '../testing/connection-attempt.ts';
import { AttemptRing } from './attempt-ring.ts';
import { RecentAttempts } from './recent-attempts.ts';

const END = Number.POSITIVE_INFINITY;

function ringOf(capacity: number, count: number): AttemptRing {
  const ring = new AttemptRing(capacity);
  for (let place = 1; place <= count; place += 1) {
    ring.put({ place, attempt: attemptOf({ attemptId: `a${place}`, username: `pump-${place % 3}` }) });
  }
  return ring;
}
const placesOf = (found: readonly { readonly place: number }[]) => found.map(({ place }) => place);

test('the newest are kept, and come newest first', () => {
  const ring = ringOf(5, 23);
  expect(ring.size).toBe(5);
  expect(placesOf(ring.newest({}, END, 10))).toEqual([23, 22, 21, 20, 19]);
  expect(placesOf(ring.newest({}, 22, 2))).toEqual([21, 20]);
  expect(placesOf(ring.newest({ username: 'pump-2' }, END, 10))).toEqual([23, 20]);
  expect(placesOf(ring.newest({ username: 'pump-2', reason: 'expired' }, END, 10))).toEqual([]);
});

test('how an admitted attempt ended is added where it stands, and its steps stay', () => {
  const ring = ringOf(5, 3);
  const closed = { at: '2026-11-22T01:00:00.000Z', code: 'MQTT_DISCONNECT' };
  ring.put({ place: 4, attempt: attemptOf({ attemptId: 'a2', steps: [], closed }) });
  const found = ring.newest({}, END, 10);
  expect(placesOf(found)).toEqual([3, 2, 1]);
  expect(found[1]?.attempt).toMatchObject({ attemptId: 'a2', closed, steps: [{}, {}] });
});

test('long records take the room of more than one', () => {
  const ring = new AttemptRing(10);
  for (let place = 1; place <= 10; place += 1) {
    ring.put({ place, attempt: attemptOf({ attemptId: `a${place}`, message: 'x'.repeat(8_000) }) });
  }
  expect(ring.size).toBe(2);
  expect(placesOf(ring.newest({}, END, 10))).toEqual([10, 9]);
});

test('however many never come to a CONNECT, those that did stay', () => {
  const attempts = new RecentAttempts(100);
  attempts.put({ place: 1, attempt: attemptOf({ attemptId: 'useful' }) }, true);
  for (let place = 2; place < 1_000; place += 1) {
    attempts.put({ place, attempt: attemptOf({ attemptId: `junk-${place}`, outcome: 'failed' }) }, false);
  }
  expect(attempts.size).toBe(21);
  expect(attempts.list({ limit: 10, outcome: 'refused' }).items).toHaveLength(1);
  const page = attempts.list({ limit: 20 });
  expect(page.items[0]).toMatchObject({ attemptId: 'junk-999' });
  const rest = attempts.list({ limit: 20, after: page.next ?? '' });
  expect(rest).toMatchObject({ items: [{ attemptId: 'useful' }], next: null });
  expect(() => attempts.list({ limit: 1, after: 'x' })).toThrow('after');
});

test('a page of a full ring takes less than 20 ms, however little it finds', () => {
  const attempts = new RecentAttempts(50_000);
  for (let place = 1; place <= 50_000; place += 1) {
    const attempt = attemptOf({ attemptId: `a${place}`, username: `pump-${place}`, clientId: `c-${place}` });
    attempts.put({ place, attempt }, place % 5 !== 0);
  }
  const took = Array.from({ length: 20 }, () => {
    const startedAt = performance.now();
    attempts.list({ limit: 50, username: 'pump-1', gatewayId: 'gw-abcdefghij' });
    return performance.now() - startedAt;
  });
  expect(Math.min(...took)).toBeLessThan(20);
});
