import { expect, test } from 'vitest';
import { verbOf } from './query-span.ts';

test.each([
  ['select 1', 'select'],
  ['\n  INSERT INTO event', 'insert'],
  ['begin', 'begin'],
  ['/* x */', 'query'],
])('the verb of %j is %s', (text, verb) => {
  expect(verbOf(text)).toBe(verb);
});
