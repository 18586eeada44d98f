import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsingTrialInput, trialPayload } from './parsing-trial-resource.ts';

const problemsOf = (body: object): string[] => {
  const parsed = parsingTrialInput.safeParse(body);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test.each([
  ['hex', '0x00 01\nFf', [0, 1, 255]],
  ['hex', '0001ff', [0, 1, 255]],
  ['hex', '', []],
  ['base64', 'AAH/', [0, 1, 255]],
  ['text', 'Aé', [65, 195, 169]],
] as const)('a payload in %s, %j, is these bytes', (encoding, payload, bytes) => {
  expect(problemsOf({ topic: 'up', payload, encoding })).toEqual([]);
  expect([...trialPayload(payload, encoding)]).toEqual(bytes);
});

test.each([
  [{ topic: 'up', payload: '0x0g', encoding: 'hex' }, 'payload: is no hex: it holds "g"'],
  [{ topic: 'up', payload: '0x012', encoding: 'hex' }, 'payload: is no hex: 3 digits are no whole bytes'],
  [
    { topic: 'up', payload: '{"t":1}' },
    'payload: is no base64; say "encoding": "hex" or "text" for another form',
  ],
  [{ payload: 'AA==' }, 'topic: is missing: the script gets it together with the payload'],
  [{}, 'payload: is missing: give topic and payload, or recent, or function and json'],
  [{ recent: 5, payload: 'AA==' }, 'payload: cannot be given together with recent'],
  [{ json: {}, recent: 1 }, 'json: goes with "function": "protocolToRawData"'],
  [{ function: 'protocolToRawData' }, 'json: is missing: protocolToRawData gets a JSON object'],
  [{ recent: 1, language: 'javascript' }, 'language: goes with code; the draft has a language of its own'],
])('%j is refused: %s', (body, problem) => {
  expect(problemsOf(body)).toEqual([problem]);
});

test.each([{ recent: 0 }, { recent: 101 }, { recent: 1.5 }])('%j is refused', (body) => {
  expect(problemsOf(body)).toHaveLength(1);
});

test('the hex of any bytes is those bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const payload = `0x${Buffer.from(bytes).toString('hex')}`;
      expect(problemsOf({ topic: 'up', payload, encoding: 'hex' })).toEqual([]);
      expect([...trialPayload(payload, 'hex')]).toEqual([...bytes]);
    }),
  );
});
