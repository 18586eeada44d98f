import { expect, test } from 'vitest';
import { downlinkInput } from './downlink-resource.ts';
import { parsingDraftInput } from './parsing-resource.ts';

const problemOf = (schema: typeof downlinkInput | typeof parsingDraftInput, input: unknown): unknown =>
  schema.safeParse(input).error?.issues.map(({ path, message }) => [path.join('.'), message]);

test('a downlink message has a payload or JSON, and not both', () => {
  expect(downlinkInput.parse({ topic: 'down', json: { valve: ['open', 1] } })).toMatchObject({ qos: 0 });
  expect(problemOf(downlinkInput, { topic: 'down', payload: '' })).toBeUndefined();
  const both = [['payload', 'must be given (base64), or json instead of it: one of the two']];
  expect(problemOf(downlinkInput, { topic: 'down' })).toEqual(both);
  expect(problemOf(downlinkInput, { topic: 'down', payload: '', json: {} })).toEqual(both);
});

test('the JSON of a downlink message is an object', () => {
  for (const json of [[1], 'text', 1, null]) {
    expect(problemOf(downlinkInput, { topic: 'down', json })).toEqual([['json', expect.any(String)]]);
  }
});

test.each(['python', 'Python_27', 'php', 'PHP_72'])('a script in %s is told what is offered', (language) => {
  expect(problemOf(parsingDraftInput, { language, code: '' })).toEqual([
    [
      'language',
      `${language} is not offered (iot.prod.InvalidScriptType of the reference platform): write the script in ` +
        'javascript or typescript; docs/parsing.md shows how to port one',
    ],
  ]);
});

test('another language is told the two', () => {
  expect(problemOf(parsingDraftInput, { language: 'lua', code: '' })).toEqual([
    ['language', 'must be javascript or typescript'],
  ]);
});
