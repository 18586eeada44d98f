import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldErrorsOf, pathText, speakInSentences } from './field-errors.ts';

beforeAll(speakInSentences);
afterAll(() => z.config({ customError: undefined }));

const resource = z.strictObject({
  name: z.string().min(4).max(8).optional(),
  port: z.int().min(1024).optional(),
  qos: z.union([z.literal(0), z.literal(1)]).optional(),
  mode: z.enum(['off', 'server', 'client']).optional(),
  limits: z.strictObject({ keepAlive: z.int().nullable() }).optional(),
  tags: z
    .array(z.strictObject({ key: z.string() }))
    .max(2)
    .optional(),
  payload: z.base64().optional(),
  hostname: z.string().optional(),
  isOn: z.boolean().optional(),
});

const sentences = (value: unknown): string[] =>
  fieldErrorsOf(resource.safeParse(value).error?.issues ?? []).map(({ path, message }) =>
    `${path} ${message}`.trim(),
  );

test.each([
  [{ port: 80 }, 'port must be at least 1024, not 80'],
  [{ port: '1883' }, 'port must be a whole number, not "1883"'],
  [{ port: 1883.5 }, 'port must be a whole number, not 1883.5'],
  [{ port: null }, 'port must be a whole number, not null'],
  [{ qos: 2 }, 'qos must be 0 or 1, not 2'],
  [{ mode: 'on' }, 'mode must be off, server or client, not "on"'],
  [{ mode: 'x'.repeat(100) }, 'mode must be off, server or client, not text'],
  [{ name: 'abc' }, 'name must have at least 4 characters'],
  [{ name: 'a'.repeat(9) }, 'name must have at most 8 characters'],
  [{ name: 7 }, 'name must be text, not 7'],
  [{ limits: {} }, 'limits.keepAlive is missing'],
  [{ limits: [] }, 'limits must be an object, not a list'],
  [{ tags: [{ key: 'a' }, {}] }, 'tags[1].key is missing'],
  [{ tags: [{ key: 'a' }, { key: 'b' }, { key: 'c' }] }, 'tags must have at most 2 items, not 3'],
  [{ payload: '%' }, 'payload must be base64 (RFC 4648 §4), with its padding'],
  [{ isOn: 'true' }, 'isOn must be true or false, not text'],
  ['text', 'must be an object, not text'],
  [undefined, 'is missing'],
])('%j is refused in a sentence', (value, sentence) => {
  expect(sentences(value)).toEqual([sentence]);
});

test('each unknown key is an error of its own, with the key that it may have been meant for', () => {
  expect(sentences({ hostName: 'a', limits: { keepAlive: null, keepalive: 1 }, colour: 1, prt: 2 })).toEqual([
    'limits.keepalive is unknown; did you mean keepAlive?',
    'hostName is unknown; did you mean hostname?',
    'colour is unknown; known are name, port, qos, mode, limits, tags, payload, hostname, isOn',
    'prt is unknown; did you mean port?',
  ]);
});

test('whatever a body is, its errors are few, are no words of the validator, and repeat no long text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(resource.shape)), fc.jsonValue()), (value) => {
      const found = sentences(value);
      expect(found.length).toBeLessThanOrEqual(100);
      expect(found.join()).not.toMatch(/Invalid|expected|received|Unrecognized|Too (small|big)|NaN/);
    }),
  );
  const manyKeys = Object.fromEntries(Array.from({ length: 5_000 }, (_, key) => [`key${key}`, 0]));
  expect(sentences(manyKeys)).toHaveLength(100);
});

test('a path is written as in JavaScript', () => {
  expect(pathText(['devices', 4, 'username'])).toBe('devices[4].username');
  expect(pathText([0, { key: 'a' }])).toBe('[0].a');
  expect(pathText([])).toBe('');
});
