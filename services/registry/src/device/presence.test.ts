import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connected, disconnected, isEndNews, NEVER_SEEN, type Presence } from './presence.ts';

type Report = readonly ['connect' | 'disconnect', number];

const seen = (reports: readonly Report[]): Presence =>
  reports.reduce<Presence>(
    (presence, [what, session]) =>
      what === 'connect' ? connected(presence, session) : disconnected(presence, session),
    NEVER_SEEN,
  );

test('a disconnect that arrives after the reconnect changes nothing but closes its session', () => {
  const presence = seen([
    ['connect', 1],
    ['connect', 2],
    ['disconnect', 1],
  ]);
  expect(presence).toEqual({ session: 2, isOnline: true, openSessions: [2] });
});

test('the end of a session is news once', () => {
  const online = seen([['connect', 4]]);
  expect(isEndNews(online, 4)).toBe(true);
  expect(isEndNews(disconnected(online, 4), 4)).toBe(false);
  expect(isEndNews(online, 3)).toBe(false);
  expect(isEndNews(online, 5)).toBe(true);
});

test('a session whose end was seen before its beginning is over', () => {
  const presence = seen([
    ['disconnect', 3],
    ['connect', 3],
  ]);
  expect(presence).toMatchObject({ session: 3, isOnline: false });
});

const sessions = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 12 });

test('reports in any order and any number fold to the newest session', () => {
  const shuffledStory = fc
    .tuple(sessions, fc.boolean())
    .map(([numbers, isLastEnded]) => {
      const ordered = numbers.toSorted((one, other) => one - other);
      const last = ordered.at(-1) ?? 0;
      const reports = ordered.flatMap((session): Report[] => [
        ['connect', session],
        ...(session !== last || isLastEnded ? [['disconnect', session] as const] : []),
      ]);
      return { last, isLastEnded, reports };
    })
    .chain((story) =>
      fc.record({
        last: fc.constant(story.last),
        isLastEnded: fc.constant(story.isLastEnded),
        reports: fc.array(fc.constantFrom(...story.reports), { maxLength: 20 }).chain((repeated) =>
          fc.shuffledSubarray([...story.reports, ...repeated], {
            minLength: story.reports.length + repeated.length,
          }),
        ),
      }),
    );
  fc.assert(
    fc.property(shuffledStory, ({ last, isLastEnded, reports }) => {
      const presence = seen(reports);
      expect(presence.session).toBe(last);
      expect(presence.isOnline).toBe(!isLastEnded);
    }),
  );
});

test('the sessions kept open are bounded', () => {
  const presence = seen(Array.from({ length: 100 }, (_, index): Report => ['connect', index + 1]));
  expect(presence.openSessions).toHaveLength(8);
  expect(presence.openSessions.at(-1)).toBe(100);
});
