import { expect, test } from 'vitest';
import { TopicAliases } from './topic-alias.ts';

test('an alias stands for the topic name that set it last', () => {
  const aliases = new TopicAliases(16);
  expect(aliases.resolve('up/a', 3)).toBe('up/a');
  expect(aliases.resolve('', 3)).toBe('up/a');
  expect(aliases.resolve('up/b', 3)).toBe('up/b');
  expect(aliases.resolve('', 3)).toBe('up/b');
});

test.each([0, 17, 65_535])('alias %i is refused when the maximum is 16', (alias) => {
  expect(() => new TopicAliases(16).resolve('up/a', alias)).toThrow(
    expect.objectContaining({ code: 'EDGE_TOPIC_ALIAS_INVALID' }),
  );
});

test('an alias that was never set is refused', () => {
  expect(() => new TopicAliases(16).resolve('', 1)).toThrow(
    expect.objectContaining({ code: 'EDGE_TOPIC_ALIAS_UNKNOWN' }),
  );
});
