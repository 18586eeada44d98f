import { streamedMessage, type WatchedMessage } from '@gatehouse/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { streamedMessageOf } from './streamed-message.ts';

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');
const watched = (raw: string | Uint8Array, rest: Partial<WatchedMessage> = {}): WatchedMessage => ({
  messageId: 'm1',
  deviceName: 'pump-7',
  topic: 'up',
  qos: 1,
  time: '2026-01-01T00:00:00.000Z',
  raw: base64(raw),
  outcome: 'passed',
  payload: base64(raw),
  ...rest,
});

test('a JSON payload is shown as JSON', () => {
  const shown = streamedMessageOf(
    watched(Uint8Array.of(0, 50), { outcome: 'parsed', payload: base64('{"t":5}') }),
  );
  expect(shown.payload).toEqual({ t: 5 });
  expect(shown.raw).toEqual({ base64: 'ADI=' });
});

test('other text is shown as text, and other bytes as base64', () => {
  expect(streamedMessageOf(watched('hello\n')).payload).toBe('hello\n');
  expect(streamedMessageOf(watched('hello\n')).raw).toEqual({ base64: 'aGVsbG8K', text: 'hello\n' });
  expect(streamedMessageOf(watched(Uint8Array.of(0xff, 0))).payload).toEqual({ base64: '/wA=' });
});

test('a message that could not be parsed has an error and no payload', () => {
  const { payload: _none, ...failed } = watched('x', {
    outcome: 'failed',
    error: { code: 'PARSER_SCRIPT_FAILED', message: 'boom' },
  });
  const shown = streamedMessageOf(failed);
  expect([shown.payload, shown.error]).toEqual([null, { code: 'PARSER_SCRIPT_FAILED', message: 'boom' }]);
});

test('whatever the bytes are, what is shown keeps to the contract and holds them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const shown = streamedMessage.parse(JSON.parse(JSON.stringify(streamedMessageOf(watched(bytes)))));
      expect([...Buffer.from(shown.raw.base64, 'base64')]).toEqual([...bytes]);
    }),
  );
});
