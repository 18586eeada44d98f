import { expect, test } from 'vitest';
import { topicNameProblem } from './topic-name.ts';

test.for(['a', '/', '/a', 'a//b', ' ', '$SYS/x', '工厂/三号线', 'emoji/😀', '\uFEFF'])(
  '%j is a topic name',
  (text) => expect(topicNameProblem(text, 65_535)).toBeUndefined(),
);

test.for([
  ['', 'is empty'],
  ['a/#', 'contains a wildcard, # or +'],
  ['a+b', 'contains a wildcard, # or +'],
  ['a\0b', 'contains U+0000'],
  ['a\uD800b', 'contains a lone surrogate, which UTF-8 cannot carry'],
] as const)('%j is no topic name: it %s', ([text, problem]) =>
  expect(topicNameProblem(text, 65_535)).toBe(problem),
);

test('the limit counts bytes of UTF-8, not characters', () => {
  expect(topicNameProblem('水水', 6)).toBeUndefined();
  expect(topicNameProblem('水水', 5)).toBe('is longer than 5 bytes of UTF-8');
});
