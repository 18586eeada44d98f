import { expect, test } from 'vitest';
import { expectedVersions } from './if-match.ts';

const versionsOf = (header?: string) =>
  expectedVersions({ headers: header === undefined ? {} : { 'if-match': header } });

test('without the header, or with *, any version will do', () => {
  expect(versionsOf()).toBeUndefined();
  expect(versionsOf('*')).toBeUndefined();
});

test('tags are versions; weak ones and those of others match nothing', () => {
  expect(versionsOf('"3"')).toEqual([3]);
  expect(versionsOf('"3", "12"')).toEqual([3, 12]);
  expect(versionsOf('W/"3"')).toEqual([]);
  expect(versionsOf('"abc"')).toEqual([]);
});

test.each(['3', '"3', '', '"3" "4"'])('%j is no entity tag', (header) => {
  expect(() => versionsOf(header)).toThrow(expect.objectContaining({ code: 'HTTP_REQUEST_INVALID' }));
});
