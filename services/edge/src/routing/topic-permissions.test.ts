import type { TopicPermission } from '@gatehouse/contracts';
import { matchesTopicFilter } from '@gatehouse/mqtt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopicPermissions } from './topic-permissions.ts';

const who = { deviceName: 'pump-1', username: 'pump-1', clientId: 'c1' };

const rule = (text: string): TopicPermission => {
  const [effect, action, topic] = text.split(' ');
  return { effect, action, topic } as TopicPermission;
};
const permissions = (rules: readonly string[], subject = who): TopicPermissions =>
  new TopicPermissions(rules.map(rule), subject);

test('without any rule everything is allowed', () => {
  expect([permissions([]).mayPublish('a'), permissions([]).maySubscribe('#')]).toEqual([true, true]);
});

test('with some rules, what none matches is not allowed, be they about something else', () => {
  const some = permissions(['allow subscribe down/#']);
  expect([some.mayPublish('up'), some.maySubscribe('up'), some.maySubscribe('down/a')]).toEqual([
    false,
    false,
    true,
  ]);
});

test('the first rule that matches decides', () => {
  const some = permissions(['deny both up/secret/#', 'allow both up/#', 'deny both up/open']);
  expect(some.mayPublish('up/secret')).toBe(false);
  expect(some.mayPublish('up/secret/a')).toBe(false);
  expect(some.mayPublish('up/open')).toBe(true);
  expect(some.maySubscribe('up/open')).toBe(true);
});

test('a filter that reaches into what is denied may not be subscribed to', () => {
  const some = permissions(['deny subscribe up/secret', 'allow subscribe up/#']);
  expect(
    ['up/#', 'up/+', '+/+', 'up/secret', 'up/open', 'up/open/#'].map((f) => some.maySubscribe(f)),
  ).toEqual([false, false, false, false, true, true]);
});

test('a filter must be allowed as a whole', () => {
  const some = permissions(['allow subscribe down/a', 'allow subscribe down/+/b']);
  expect(['down/+', 'down/a', 'down/+/b', 'down/#', '#'].map((f) => some.maySubscribe(f))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ]);
});

test('placeholders are filled in, also as a part of a level', () => {
  const some = permissions(['allow publish up/${deviceName}/#', 'allow publish x-${username}-${clientId}']);
  expect(['up/pump-1/a', 'up/pump-2/a', 'x-pump-1-c1'].map((t) => some.mayPublish(t))).toEqual([
    true,
    false,
    true,
  ]);
});

test.each(['', '#', '+', 'a/b', 'a+', '\0'])('the client identifier %j does not fill a rule', (clientId) => {
  const some = permissions(['allow both up/${clientId}/a', 'allow both ${clientId}'], { ...who, clientId });
  fc.assert(
    fc.property(fc.constantFrom('up/x/a', 'up//a', `up/${clientId}/a`, clientId, 'x'), (text) => {
      expect(some.mayPublish(text)).toBe(false);
      expect(some.maySubscribe(text)).toBe(false);
    }),
  );
});

test('whatever a client calls itself, it gets no topic outside the levels of the rule', () => {
  const clientId = fc.string({ minLength: 1, unit: fc.constantFrom('a', '/', '+', '#', '$', '{', '}', '&') });
  fc.assert(
    fc.property(clientId, (id) => {
      const some = permissions(['allow both up/${clientId}/a'], { ...who, clientId: id });
      expect(some.mayPublish('up/other/a')).toBe(false);
      expect(some.mayPublish('up/b/c/a')).toBe(false);
      expect(some.maySubscribe('up/+/a')).toBe(false);
      if (/^[a${}&]+$/.test(id)) expect(some.mayPublish(`up/${id}/a`)).toBe(true);
    }),
  );
});

test('a remembered verdict is the one that the rules give', () => {
  const some = permissions(['deny publish up/3', 'allow publish up/#']);
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 40; index += 1) {
      expect(some.mayPublish(`up/${index}`)).toBe(index !== 3);
    }
  }
});

test('a rule matches the topic names that its filter matches', () => {
  const level = fc.constantFrom('', 'a', 'ab', '+', '$');
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '/#'))
    .map(([levels, end]) => `${levels.join('/')}${end}`);
  const topicName = fc
    .array(fc.constantFrom('', 'a', 'ab', '$'), { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join('/'));
  fc.assert(
    fc.property(filter, topicName, (topic, name) => {
      const one = new TopicPermissions([{ topic, action: 'publish', effect: 'allow' }], who);
      expect(one.mayPublish(name)).toBe(matchesTopicFilter(topic, name));
    }),
    { numRuns: 2_000 },
  );
});
