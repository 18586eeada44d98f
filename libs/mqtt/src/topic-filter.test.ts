import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSharedSubscription, matchesTopicFilter, topicFilterProblem } from './topic-filter.ts';

test.for([
  '#',
  '+',
  '/',
  '+/+',
  '/+',
  'a/#',
  'a/+/b',
  '+/a/#',
  'a//b',
  '$SYS/#',
  '$share',
  '$share/g/a/+',
  '$share/g//',
])('%j is a topic filter', (filter) => expect(topicFilterProblem(filter, 65_535)).toBeUndefined());

test.for([
  ['', 'is empty'],
  ['a#', 'has a # that is not alone in the last level'],
  ['a/#/b', 'has a # that is not alone in the last level'],
  ['##', 'has a # that is not alone in the last level'],
  ['a+', 'has a + that is not alone in its level'],
  ['a/++/b', 'has a + that is not alone in its level'],
  ['a\0', 'contains U+0000'],
  ['$share/', 'is a shared subscription without a valid share name: $share/<name>/<filter>'],
  ['$share/g', 'is a shared subscription without a valid share name: $share/<name>/<filter>'],
  ['$share//a', 'is a shared subscription without a valid share name: $share/<name>/<filter>'],
  ['$share/g+/a', 'is a shared subscription without a valid share name: $share/<name>/<filter>'],
  ['$share/g/', 'is a shared subscription to an empty filter'],
  ['$share/g/a#', 'has a # that is not alone in the last level'],
] as const)('%j is no topic filter: it %s', ([filter, problem]) =>
  expect(topicFilterProblem(filter, 65_535)).toBe(problem),
);

test('a filter is shared when it begins with $share/', () => {
  expect(isSharedSubscription('$share/g/a')).toBe(true);
  expect(isSharedSubscription('$shared/g/a')).toBe(false);
});

// The examples of MQTT 5.0 §4.7.1 and §4.7.2.
test.for([
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/#', 'sport', true],
  ['sport/#', 'sports', false],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  ['#', '$SYS/monitor', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/monitor', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ['ACCOUNTS', 'Accounts', false],
  ['a', '/a', false],
] as const)('%j and %j match: %j', ([filter, topicName, expected]) =>
  expect(matchesTopicFilter(filter, topicName)).toBe(expected),
);

/** The words of MQTT 5.0 §4.7 as a recursion over levels. */
function matchesNaively(filter: readonly string[], topic: readonly string[]): boolean {
  const [filterLevel, ...filterRest] = filter;
  const [topicLevel, ...topicRest] = topic;
  if (filterLevel === undefined) return topicLevel === undefined;
  if (filterLevel === '#') return true;
  if (topicLevel === undefined) return false;
  return (filterLevel === '+' || filterLevel === topicLevel) && matchesNaively(filterRest, topicRest);
}

test('matching agrees with a matcher that takes the levels one by one', () => {
  const level = fc.constantFrom('', 'a', 'b', 'ab', '$a');
  const topicLevels = fc.array(level, { minLength: 1, maxLength: 4 });
  const filterLevels = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.option(fc.constant('#')))
    .map(([levels, last]) => (last === null ? levels : [...levels, last]))
    .filter((levels) => levels.join('/') !== '');

  fc.assert(
    fc.property(filterLevels, topicLevels, (filter, topic) => {
      fc.pre(topic.join('/') !== '');
      const hidden = topic[0]?.startsWith('$') === true && (filter[0] === '+' || filter[0] === '#');
      const expected = !hidden && matchesNaively(filter, topic);
      expect(matchesTopicFilter(filter.join('/'), topic.join('/'))).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('a topic name matches itself and every filter made from it', () => {
  const topicName = fc
    .array(fc.string({ unit: fc.constantFrom('a', '$', ' ', '水', '😀'), maxLength: 3 }), {
      minLength: 1,
      maxLength: 5,
    })
    .map((levels) => levels.join('/'))
    .filter((text) => text !== '' && !text.startsWith('$'));

  fc.assert(
    fc.property(topicName, fc.nat(), (text, choice) => {
      const levels = text.split('/');
      const index = choice % levels.length;
      expect(matchesTopicFilter(text, text)).toBe(true);
      expect(matchesTopicFilter(levels.with(index, '+').join('/'), text)).toBe(true);
      expect(matchesTopicFilter([...levels.slice(0, index), '#'].join('/'), text)).toBe(true);
      expect(matchesTopicFilter(`${text}/+`, text)).toBe(false);
    }),
  );
});
