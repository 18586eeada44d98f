import { CountedTotal } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { IsolateSandboxes } from './isolate-sandbox.ts';
import { ScriptFailure } from './script-failure.ts';

const limits = { memoryMb: 32, maxResultBytes: 500_000 };
const reports = {
  scriptCpuSeconds: new CountedTotal('test.script_cpu', ''),
  onIsolateLost: (): void => undefined,
};
const sandboxes = new IsolateSandboxes({ ...limits, timeoutMs: 5_000 }, reports);
/** For what does not come to an end. Others may take a while on a busy machine. */
const hurried = new IsolateSandboxes({ ...limits, timeoutMs: 500 }, reports);

async function encode(code: string, json: unknown = { a: 1 }, from = sandboxes): Promise<string> {
  const sandbox = from.open(code);
  const outcome = await sandbox.encode(JSON.stringify(json));
  sandbox.retire();
  if (outcome instanceof ScriptFailure) return `${outcome.code} ${outcome.message}`;
  return Buffer.from(outcome).toString('hex');
}

const body = (text: string): string => `function protocolToRawData(jsonObj) { ${text} }`;

test.each([
  ['unsigned bytes', 'return [0, 127, 128, 255]', '007f80ff'],
  ['signed bytes', 'return [-128, -1, 0, 127]', '80ff007f'],
  ['a Uint8Array', 'return Uint8Array.of(1, 255)', '01ff'],
  ['an Int8Array', 'return Int8Array.of(1, -1)', '01ff'],
  ['negative zero', 'return [-0]', '00'],
  ['what the object says', 'return [jsonObj.a, jsonObj["温度"].length]', '0102'],
])('%s become the payload', async (_title, text, expected) => {
  expect(await encode(body(text), { a: 1, 温度: '二十' })).toBe(expected);
});

test.each([
  ['nothing', 'return', '6201 protocolToRawData returned nothing'],
  ['null', 'return null', '6201 protocolToRawData returned nothing'],
  ['an empty array', 'return []', '6201 protocolToRawData returned an empty array'],
  ['an empty Uint8Array', 'return new Uint8Array()', '6201 protocolToRawData returned an empty array'],
  [
    'an object',
    'return { length: 1, 0: 1 }',
    '26007 protocolToRawData returned something else than an array of bytes',
  ],
  ['a string', 'return "01"', '26007 protocolToRawData returned a string, not an array of bytes'],
  [
    'wider numbers',
    'return Uint16Array.of(1)',
    '26007 protocolToRawData returned something else than an array of bytes',
  ],
  ['256', 'return [1, 256]', '26007 protocolToRawData returned 256 at index 1, not a byte (-128 to 255)'],
  ['-129', 'return [-129]', '26007 protocolToRawData returned -129 at index 0, not a byte (-128 to 255)'],
  ['a fraction', 'return [0.5]', '26007 protocolToRawData returned 0.5 at index 0, not a byte (-128 to 255)'],
  ['NaN', 'return [NaN]', '26007 protocolToRawData returned NaN at index 0, not a byte (-128 to 255)'],
  ['text', 'return ["1"]', '26007 protocolToRawData returned "1" at index 0, not a byte (-128 to 255)'],
  [
    'holes',
    'return [1, , 3]',
    '26007 protocolToRawData returned undefined at index 1, not a byte (-128 to 255)',
  ],
  [
    'a promise',
    'return Promise.resolve([1])',
    '26007 protocolToRawData returned a Promise: nobody waits for it, return the result itself',
  ],
  [
    'too much',
    'return new Array(262145).fill(0)',
    '26007 protocolToRawData returned 262145 bytes; 262144 are allowed',
  ],
  [
    'a huge length',
    'return new Array(4e9)',
    '26007 protocolToRawData returned 4000000000 bytes; 262144 are allowed',
  ],
  ['an exception', 'jsonObj.b.c', expect.stringMatching(/^26002 TypeError: /)],
])('%s is a failure', async (_title, text, expected) => {
  expect(await encode(body(text))).toEqual(expected);
});

test.each([
  ['an endless loop', 'for (;;);'],
  ['a getter that loops', 'return new Proxy([1], { get() { for (;;); } })'],
])('%s takes too long', async (_title, text) => {
  const outcome = await encode(body(text), {}, hurried);
  expect(outcome).toBe('26002 protocolToRawData took longer than 500 ms');
});

test('a script without the function says so', async () => {
  expect(await encode('function transformPayload() { return { a: 1 } }')).toBe(
    '26006 the script has no function protocolToRawData(jsonObj)',
  );
});

test('the largest payload passes', async () => {
  expect(await encode(body('return new Array(262144).fill(-1)'))).toBe('ff'.repeat(262_144));
});

test('a thrown exception names its line and column', async () => {
  const sandbox = sandboxes.open('\nfunction protocolToRawData() { throw new Error("here") }');
  expect(await sandbox.encode('{}')).toEqual(
    new ScriptFailure('26002', 'Error: here', { line: 2, column: 38 }),
  );
  sandbox.retire();
});

test('both directions of one script work in one isolate', async () => {
  const sandbox = sandboxes.open(
    `function transformPayload(topic, rawData) { return { n: rawData[0] } } ${body('return [jsonObj.n]')}`,
  );
  const [up] = await sandbox.run([{ topic: 't', payload: Uint8Array.of(7) }]);
  expect(Buffer.from(up as Uint8Array).toString()).toBe('{"n":7}');
  expect(await sandbox.encode('{"n":7}')).toEqual(Buffer.of(7));
  sandbox.retire();
});
