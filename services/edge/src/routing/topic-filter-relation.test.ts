import { matchesTopicFilter } from '@gatehouse/mqtt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers, levelsOf, overlap } from './topic-filter-relation.ts';

const LITERALS = ['', 'a', 'b', '$s'];

/**
 * Every topic name of one to four levels over the alphabet: one level more than the filters have. The empty
 * one is among them although the standards forbid it: the difference only ever refuses more.
 */
const topicNames = (function grow(depth: number): string[][] {
  if (depth === 1) return LITERALS.map((level) => [level]);
  const shorter = grow(depth - 1);
  const longest = shorter.filter(({ length }) => length === depth - 1);
  return [...shorter, ...longest.flatMap((levels) => LITERALS.map((level) => [...levels, level]))];
})(4).map((levels) => levels.join('/'));

const filter = fc
  .tuple(fc.array(fc.constantFrom(...LITERALS, '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => (isOpen && levels.length < 3 ? [...levels, '#'] : levels).join('/'))
  .filter((text) => text !== '');

test('one filter covers another when no topic name shows otherwise', () => {
  fc.assert(
    fc.property(filter, filter, (outer, inner) => {
      const isCovered = topicNames
        .filter((name) => matchesTopicFilter(inner, name))
        .every((name) => matchesTopicFilter(outer, name));
      expect(covers(levelsOf(outer), levelsOf(inner)), `${outer} covers ${inner}`).toBe(isCovered);
    }),
    { numRuns: 3_000 },
  );
});

test('two filters overlap when some topic name matches both', () => {
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      const doOverlap = topicNames.some(
        (name) => matchesTopicFilter(one, name) && matchesTopicFilter(other, name),
      );
      expect(overlap(levelsOf(one), levelsOf(other)), `${one} overlaps ${other}`).toBe(doOverlap);
      expect(overlap(levelsOf(other), levelsOf(one))).toBe(doOverlap);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ['#', '+/#', true],
  ['+/#', '#', true],
  ['a/#', 'a', true],
  ['a/+/#', 'a/#', false],
  ['+', '#', false],
  ['#', '$SYS/#', false],
  ['$SYS/#', '$SYS/+', true],
])('%s covers %s: %s', (outer, inner, expected) => {
  expect(covers(levelsOf(outer), levelsOf(inner))).toBe(expected);
});
