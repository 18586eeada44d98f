import { CountedTotal } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { IsolateTrials } from './isolate-trial.ts';
import { ScriptFailure } from './script-failure.ts';
import type { TrialInput, TrialResult } from './script-sandbox.ts';

const trials = new IsolateTrials(
  { timeoutMs: 500, memoryMb: 32, maxResultBytes: 100_000 },
  { scriptCpuSeconds: new CountedTotal('test.script_cpu', ''), onIsolateLost: () => undefined },
);
const ONE: TrialInput = { direction: 'uplink', topic: 'up', payload: Uint8Array.of(1) };

async function tried(code: string, inputs: readonly TrialInput[] = [ONE]): Promise<TrialResult[]> {
  const trial = trials.openTrial(code);
  const results = await Promise.all(inputs.map((input) => trial.run(input)));
  trial.retire();
  return results;
}

async function logOf(text: string): Promise<TrialResult['log']> {
  const [result] = await tried(`function transformPayload(topic, rawData) { ${text}; return { a: 1 } }`);
  return result?.log ?? { lines: [], isCut: false };
}

const texts = ({ lines }: TrialResult['log']): string[] => lines.map(({ text }) => text);

test('lines have their level and come in order', async () => {
  expect(
    await logOf(
      'console.log("a"); console.info("b"); console.warn("c"); console.error("d"); console.debug("e")',
    ),
  ).toEqual({
    lines: [
      { level: 'log', text: 'a' },
      { level: 'info', text: 'b' },
      { level: 'warn', text: 'c' },
      { level: 'error', text: 'd' },
      { level: 'debug', text: 'e' },
    ],
    isCut: false,
  });
});

test.each([
  ['console.log()', ''],
  ['console.log("n =", 1, true, null, undefined, NaN)', 'n = 1 true null undefined NaN'],
  ['console.log(rawData, { a: [1, 2n] })', '[1] {"a":[1,"2n"]}'],
  ['console.log(12n, Symbol("s"), transformPayload)', '12n Symbol(s) [Function transformPayload]'],
  ['console.log(Uint8Array.of(1, 255), new ArrayBuffer(2))', 'Uint8Array(2) [1, 255] ArrayBuffer(2) [0, 0]'],
  ['console.log(new DataView(Uint8Array.of(9, 8, 7).buffer, 1))', 'DataView(2) [8, 7]'],
  ['console.log(new Map([["a", 1]]), new Set([1, 2]))', 'Map(1) [["a",1]] Set(2) [1,2]'],
  ['console.log(new RangeError("no"), /a+/g)', 'RangeError: no /a+/g'],
  ['var o = {}; o.o = o; console.log(o)', '[object Object]'],
  ['console.log({ toJSON() { throw 1 }, toString() { throw 2 } })', 'a value that cannot be shown'],
  ['console.log("温度 \\ud800 a\\0b")', '温度 \ud800 a\ufffdb'],
  ['console.log("two\\nlines")', 'two\nlines'],
])('%s writes its values', async (text, expected) => {
  expect(texts(await logOf(text))).toEqual([expected]);
});

test('a hundred lines are kept, and the cut is told', async () => {
  const log = await logOf('for (var i = 0; i < 101; i++) console.log(i)');
  expect([log.lines.length, log.lines.at(-1)?.text, log.isCut]).toEqual([100, '99', true]);
  expect((await logOf('for (var i = 0; i < 100; i++) console.log(i)')).isCut).toBe(false);
});

test('ten thousand characters are kept, and the cut is told', async () => {
  const log = await logOf('console.log("x".repeat(20000)); console.log("y")');
  expect([log.lines.length, log.lines[0]?.text, log.isCut]).toEqual([1, 'x'.repeat(10_238), true]);
  expect(await logOf('console.log("x".repeat(10238))')).toMatchObject({ lines: { length: 1 }, isCut: false });
});

test('each message has its own lines, and the first has those of loading too', async () => {
  const code =
    'console.log("loaded"); function transformPayload(topic) { console.log(topic); return { topic: topic } }';
  const results = await tried(code, [
    { ...ONE, topic: 'first' },
    { ...ONE, topic: 'second' },
  ]);
  expect(results.map(({ log }) => texts(log))).toEqual([['loaded', 'first'], ['second']]);
});

test('a message that had to be ended keeps what it wrote, and the next one has a fresh isolate', async () => {
  const code = `function transformPayload(topic) {
    console.log(topic);
    if (topic === 'bad') for (;;);
    return { topic: topic };
  }`;
  const [bad, good] = await tried(code, [{ ...ONE, topic: 'bad' }, ONE]);
  expect(bad?.outcome).toEqual(new ScriptFailure('26002', 'transformPayload took longer than 500 ms'));
  expect([texts(bad?.log ?? { lines: [], isCut: false }), bad?.heapBytes]).toEqual([['bad'], undefined]);
  expect(bad?.tookMs).toBeGreaterThanOrEqual(500);
  expect(Buffer.from(good?.outcome as Uint8Array).toString()).toBe('{"topic":"up"}');
});

test('time and memory of a call are told, in both directions', async () => {
  const code = `
    var kept = [];
    function rawDataToProtocol(rawData) {
      for (var until = Date.now() + 20; Date.now() < until; );
      kept.push(new Uint8Array(4e6));
      return { a: 1 };
    }
    function protocolToRawData(json) { console.log(json); return [json.b] }`;
  const [up, down] = await tried(code, [ONE, { direction: 'downlink', json: '{"b":2}' }]);
  expect(up?.tookMs).toBeGreaterThan(0);
  expect(up?.heapBytes).toBeGreaterThan(4_000_000);
  expect([down?.outcome, texts(down?.log ?? { lines: [], isCut: false })]).toEqual([
    Buffer.of(2),
    ['{"b":2}'],
  ]);
});

test('a script that does not load has no time and no memory, but its place and its lines', async () => {
  const [result] = await tried('console.log("here")\n;  null.a');
  expect(result).toMatchObject({
    outcome: { code: '26002', place: { line: 2, column: 9 } },
    tookMs: 0,
    heapBytes: undefined,
  });
  expect(texts(result?.log ?? { lines: [], isCut: false })).toEqual(['here']);
});

test('the console of a script in force takes what it is given', async () => {
  const [result] = await tried(
    'function transformPayload() { console.table([1]); console.time("a"); return { a: 1 } }',
  );
  expect(Buffer.from(result?.outcome as Uint8Array).toString()).toBe('{"a":1}');
});
