import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { DEMO_SCRIPT } from './demo-script.ts';

const parse = (payload: string | Uint8Array): unknown => {
  const rawData = [...Buffer.from(payload)].map((byte) => (byte > 127 ? byte - 256 : byte));
  const call = `JSON.stringify(transformPayload('up/x', ${JSON.stringify(rawData)}))`;
  return JSON.parse(runInNewContext(`${DEMO_SCRIPT}\n${call}`) as string);
};

test.each([
  ['a number', '21.5', { value: 21.5, topic: 'up/x' }],
  ['a JSON object', '{"temperature":21.5}', { temperature: 21.5, topic: 'up/x' }],
  ['a JSON object with a topic of its own', '{"topic":"t"}', { topic: 't' }],
  ['a JSON array', '[1,2]', { values: [1, 2], topic: 'up/x' }],
  ['text', 'grüß dich', { text: 'grüß dich', topic: 'up/x' }],
  ['nothing', '', { text: '', topic: 'up/x' }],
  ['bytes that are no text', Uint8Array.of(0xff, 0x00, 0x32), { hex: 'ff0032', topic: 'up/x' }],
])('%s is parsed', (_what, payload, expected) => {
  expect(parse(payload)).toEqual(expected);
});
