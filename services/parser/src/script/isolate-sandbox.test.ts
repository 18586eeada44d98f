import { CountedTotal } from '@gatehouse/observability';
import { afterEach, expect, test } from 'vitest';
import { IsolateSandbox, IsolateSandboxes } from './isolate-sandbox.ts';
import { ScriptFailure } from './script-failure.ts';
import type { ScriptSandbox } from './script-sandbox.ts';
import { body, numbered, shown } from '../testing/script-outcomes.ts';

const cpu = new CountedTotal('test.script_cpu', '');
const limits = { memoryMb: 32, maxResultBytes: 100_000 };
const reports = { scriptCpuSeconds: cpu, onIsolateLost: () => undefined };
const sandboxes = new IsolateSandboxes({ ...limits, timeoutMs: 5_000 }, reports);
/** For what does not come to an end. Others may take a while on a busy machine. */
const hurried = new IsolateSandboxes({ ...limits, timeoutMs: 500 }, reports);
const LOOPED = '26002 transformPayload took longer than 500 ms';
/** For scripts that are stopped for what they do within 5 s, however slow the machine. */
const hasty = new IsolateSandboxes({ ...limits, timeoutMs: 200 }, reports);
const LOOPED_IN_HASTE = '26002 transformPayload took longer than 200 ms';
const opened: ScriptSandbox[] = [];
afterEach(() => {
  for (const sandbox of opened.splice(0)) sandbox.retire();
});

function open(code: string, from = sandboxes): ScriptSandbox {
  const sandbox = from.open(code);
  opened.push(sandbox);
  return sandbox;
}

async function transform(code: string, payload: number[] = [1], topic = 'up'): Promise<unknown> {
  const [outcome] = await open(code).run([{ topic, payload: Uint8Array.from(payload) }]);
  return shown(outcome);
}

test.each([
  [
    'raw data is a plain array of bytes',
    'return { list: Array.isArray(rawData), rawData: rawData }',
    { list: true, rawData: [0, 127, 128, 255] },
  ],
  ['slices by the old way work', 'return { tail: [].slice.call(rawData, 2) }', { tail: [128, 255] }],
  [
    'keys and values of any language are kept',
    'return { "温度": "二十\\n度\\ud800" }',
    { 温度: '二十\n度\ud800' },
  ],
  ['what JSON leaves out is left out', 'return { a: 1, b: undefined, c: function () {} }', { a: 1 }],
  [
    'an object that writes itself is taken as it writes',
    'return { toJSON: function () { return { a: 1 } } }',
    { a: 1 },
  ],
])('%s', async (_title, text, expected) => {
  expect(await transform(body(text), [0, 127, 128, 255])).toEqual(expected);
});

test.each([
  ['undefined', 'return undefined', '6201 transformPayload returned nothing'],
  ['null', 'return null', '6201 transformPayload returned nothing'],
  ['an empty object', 'return {}', '6201 transformPayload returned an empty object'],
  ['an object without data', 'return { a: undefined }', '6201 transformPayload returned an empty object'],
  ['an empty array', 'return []', '6201 transformPayload returned an empty array'],
  ['an array', 'return [1]', '26007 transformPayload returned something else than an object'],
  ['a string', 'return "{}"', '26007 transformPayload returned a string, not an object'],
  ['a number', 'return 0', '26007 transformPayload returned a number, not an object'],
  ['false', 'return false', '26007 transformPayload returned a boolean, not an object'],
  ['a function', 'return transformPayload', '26007 transformPayload returned a function, not an object'],
  [
    'an object that becomes a string',
    'return new Date(0)',
    '26007 transformPayload returned something else than an object',
  ],
  ['a circle', 'var a = {}; a.a = a; return a', expect.stringMatching(/^6207 .*circular/)],
  [
    'a promise',
    'return Promise.resolve({ a: 1 })',
    '26007 transformPayload returned a Promise: nobody waits for it, return the result itself',
  ],
  [
    'a BigInt',
    'return { a: { b: 1n } }',
    '6207 the result holds a BigInt, which JSON has no place for: return Number(x) or String(x)',
  ],
  [
    'too much',
    'return { a: "x".repeat(100001) }',
    expect.stringMatching(/^26007 the result has 100009 bytes/),
  ],
  ['an exception', 'return rawData.nothing.here', expect.stringMatching(/^26002 TypeError: /)],
  ['an exception of another kind', 'throw "no\\nway"', '26002 no way'],
  [
    'an exception that cannot be shown',
    'throw { toString: function () { throw 1 } }',
    '26002 an exception that cannot be shown',
  ],
  [
    'too many buffers',
    'var all = []; for (;;) all.push(new Uint8Array(1e6))',
    '26002 RangeError: Array buffer allocation failed',
  ],
])('%s is a failure', async (_title, text, expected) => {
  expect(await transform(body(text))).toEqual(expected);
});

test.each([
  ['an endless loop', 'for (;;);'],
  ['an endless loop while writing JSON', 'return { get a() { for (;;); } }'],
  ['a regular expression that explodes', 'return { a: /^(a+)+$/.test("a".repeat(40) + "b") }'],
])('%s takes too long', async (_title, text) => {
  expect((await open(body(text), hurried).run(numbered(1))).map(shown)).toEqual([LOOPED]);
});

test.each([
  ['no function', 'var a = 1', '26006 the script has no function transformPayload(topic, rawData)'],
  [
    'something else of that name',
    'var transformPayload = 1',
    '26006 the script has no function transformPayload(topic, rawData)',
  ],
  ['nothing', '', '26006 the script has no function transformPayload(topic, rawData)'],
  ['a syntax error', 'function transformPayload( {', expect.stringMatching(/^26002 SyntaxError: /)],
  ['an exception at its top level', 'null.a', expect.stringMatching(/^26002 TypeError: /)],
  ['an endless loop at its top level', 'for (;;);', '26002 the script itself does not come to an end'],
  [
    'a function whose getter loops',
    'Object.defineProperty(globalThis, "transformPayload", { get() { for (;;); } })',
    '26002 the script itself does not come to an end',
  ],
  [
    'an endless loop behind its top level',
    `Promise.resolve().then(function () { for (;;); }); ${body('return { a: 1 }')}`,
    '26002 the script itself does not come to an end',
  ],
])('a script with %s fails every message', async (_title, code, expected) => {
  const outcomes = await open(code).run(
    [1, 2].map((byte) => ({ topic: 'up', payload: Uint8Array.of(byte) })),
  );
  expect(outcomes.map(shown)).toEqual([expected, expected]);
});

test('an async function is refused like a promise', async () => {
  expect(await transform('async function transformPayload() { throw new Error("unheard") }')).toBe(
    '26007 transformPayload returned a Promise: nobody waits for it, return the result itself',
  );
});

test('without transformPayload, rawDataToProtocol parses the uplink', async () => {
  expect(
    await transform('function rawDataToProtocol(rawData) { return { raw: rawData } }', [1, 255]),
  ).toEqual({
    raw: [1, 255],
  });
  expect(await transform('function rawDataToProtocol(rawData) { return null }')).toBe(
    '6201 rawDataToProtocol returned nothing',
  );
  expect(
    await transform(
      `function rawDataToProtocol() { return { from: "TSL" } } ${body('return { from: "topic" }')}`,
    ),
  ).toEqual({ from: 'topic' });
});

test('a script for downlink alone fails uplink messages', async () => {
  expect(await transform('function protocolToRawData() { return [1] }')).toBe(
    '26006 the script has no function transformPayload(topic, rawData)',
  );
});

test('a function that is a constant is found', async () => {
  expect(await transform('const transformPayload = (topic, rawData) => ({ topic })')).toEqual({
    topic: 'up',
  });
});

test('an exception names its line and column', async () => {
  const [outcome] = await open('\n\n  function transformPayload() { throw new Error("here") }').run([
    { topic: 'up', payload: new Uint8Array() },
  ]);
  expect(outcome).toEqual(new ScriptFailure('26002', 'Error: here', { line: 3, column: 39 }));
});

test('a syntax error names its line', async () => {
  const [outcome] = await open('\nfunction transformPayload() { return }}').run([
    { topic: 'up', payload: new Uint8Array() },
  ]);
  expect(outcome).toMatchObject({ code: '26002', place: { line: 2 } });
});

test.each([
  ['throws', 'throw new Error("bad")', '26002 Error: bad'],
  ['loops', 'for (;;);', LOOPED],
  [
    'eats memory',
    'var s = []; while (s.length < 1e8) s = s.concat(new Array(1e5).fill(0))',
    expect.stringMatching(/^26002 /),
  ],
])('in a batch, only the message that %s fails', async (_title, text, expected) => {
  const code = body(`if (rawData[0] === 7) { ${text} } return { topic: topic, n: rawData[0] }`);
  const sandbox = open(code, hurried);
  const outcomes = await sandbox.run(numbered(20));
  expect(outcomes.map(shown)).toEqual(
    Array.from({ length: 20 }, (_, n) => (n === 7 ? expected : { topic: `up/${n}`, n })),
  );
  expect((await sandbox.run(numbered(1))).map(shown)).toEqual([{ topic: 'up/0', n: 0 }]);
});

test('runs that are asked for at once follow one another', async () => {
  const sandbox = open(body('if (topic === "up/1") for (;;); return { n: rawData[0] }'), hurried);
  const [first, second] = await Promise.all([sandbox.run(numbered(2)), sandbox.run(numbered(1))]);
  expect(first?.map(shown)).toEqual([{ n: 0 }, LOOPED]);
  expect(second?.map(shown)).toEqual([{ n: 0 }]);
});

test('a script reaches nothing of the process, of the network or of another script', async () => {
  const names = [
    'process',
    'require',
    'fetch',
    'setTimeout',
    'WebAssembly',
    'SharedArrayBuffer',
    'Atomics',
    'FinalizationRegistry',
    'WeakRef',
    'Buffer',
    'other',
  ];
  await transform('var other = 1; function transformPayload() { return { other: other } }');
  expect(
    await transform(
      body(`return { found: ${JSON.stringify(names)}.filter(function (n) { return n in globalThis }) }`),
    ),
  ).toEqual({ found: [] });
});

test('a script that breaks the built-ins fails by itself and lies to nobody', async () => {
  const sandbox = open(`
    JSON.stringify = function () { return '\\n\\n' };
    String.prototype.split = String.prototype.slice = Array.prototype.join = function () { return 'x' };
    Object.defineProperty(Array.prototype, 0, { set: function () { throw 'no' }, configurable: true });
    ${body('return { topic: topic }')}`);
  const outcomes = await sandbox.run(numbered(3));
  expect(outcomes).toHaveLength(3);
  expect(shown(outcomes[0])).toEqual('26002 no');
});

test('many messages with any bytes and topics come back in order', async () => {
  const sandbox = open(
    body('return { topic: topic, sum: rawData.reduce(function (a, b) { return a + b }, 0) }'),
  );
  const inputs = Array.from({ length: 500 }, (_, index) => ({
    topic: index % 3 === 0 ? '' : `上/${index}\n!`,
    payload: Uint8Array.from({ length: index }, (__, at) => (at * index) % 256),
  }));
  const outcomes = await sandbox.run(inputs);
  expect(outcomes.map(shown)).toEqual(
    inputs.map(({ topic, payload }) => ({ topic, sum: payload.reduce((a, b) => a + b, 0) })),
  );
  expect(cpu.total).toBeGreaterThan(0);
});

/** Sandboxes of their own, which count the isolates that could not be ended. */
function countingSandboxes() {
  const lost = { count: 0 };
  const made = new IsolateSandboxes(
    { ...limits, timeoutMs: 50 },
    { ...reports, onIsolateLost: () => (lost.count += 1) },
  );
  return { made, lost };
}

const STOPPED = /^26010 the script ran out of time or memory too often and is stopped until 20\d\d-/;

test('a promise that nobody handles fails its own message and stops nothing', async () => {
  const sandbox = open(
    body('if (rawData[0] % 2) Promise.reject(new Error("unheard")); return { n: rawData[0] }'),
  );
  const unheard = '26002 a promise was rejected and nobody handled it: Error: unheard';
  for (let each = 0; each < 2; each += 1) {
    expect((await sandbox.run(numbered(10))).map(shown)).toEqual(
      Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? { n } : unheard)),
    );
  }
});

test('what loops in a promise is found among many, at the cost of one timeout', async () => {
  const sandbox = open(
    body('if (rawData[0] === 7) Promise.resolve().then(function () { for (;;); }); return { n: rawData[0] }'),
    hurried,
  );
  const cpuBefore = cpu.total;
  const outcomes = (await sandbox.run(numbered(200))).map(shown);
  expect(outcomes).toEqual(Array.from({ length: 200 }, (_, n) => (n === 7 ? LOOPED : { n })));
  // Twice the message's limit and not two hundred times.
  expect(cpu.total - cpuBefore).toBeLessThan(5);
});

test('a script that loops for every message is stopped after three of them, and stays so for the next run', async () => {
  const sandbox = open(body('for (;;);'), hasty);
  const outcomes = await sandbox.run(numbered(200));
  const stopped = expect.stringMatching(STOPPED);
  expect(outcomes.map(shown)).toEqual([
    LOOPED_IN_HASTE,
    LOOPED_IN_HASTE,
    LOOPED_IN_HASTE,
    ...Array.from({ length: 197 }, () => stopped),
  ]);
  const cpuBefore = cpu.total;
  expect((await sandbox.run(numbered(200))).map(shown)).toEqual(Array.from({ length: 200 }, () => stopped));
  expect(cpu.total).toBe(cpuBefore);
});

test('a script that loops is stopped too when its messages come one by one', async () => {
  const sandbox = open(body('for (;;);'), hasty);
  const outcomes: unknown[] = [];
  for (let each = 0; each < 4; each += 1) outcomes.push((await sandbox.run(numbered(1))).map(shown)[0]);
  expect(outcomes).toEqual([
    LOOPED_IN_HASTE,
    LOOPED_IN_HASTE,
    LOOPED_IN_HASTE,
    expect.stringMatching(STOPPED),
  ]);
});

test('what went well before a script had to be stopped keeps its results', async () => {
  const sandbox = open(body('if (rawData[0] > 1) for (;;); return { n: rawData[0] }'), hurried);
  const outcomes = (await sandbox.run(numbered(10))).map(shown);
  expect(outcomes.slice(0, 6)).toEqual([
    { n: 0 },
    { n: 1 },
    LOOPED,
    LOOPED,
    LOOPED,
    expect.stringMatching(STOPPED),
  ]);
});

/** More than V8 can hold, on any machine: the isolate's thread stays in it for ever. */
const ENDLESS = 'Array.prototype.sort.call({ length: 1e9 })';

test('a group for a script that cannot be ended costs one isolate', async () => {
  const { made, lost } = countingSandboxes();
  const sandbox = made.open(body(`if (rawData[0] > 1) ${ENDLESS}; return { n: rawData[0] }`));
  const outcomes = (await sandbox.run(numbered(12))).map(shown);
  expect(lost.count).toBe(1);
  const tookTooLong = '26002 transformPayload took longer than 50 ms';
  expect(outcomes.slice(0, 4)).toEqual([{ n: 0 }, { n: 1 }, tookTooLong, expect.stringMatching(STOPPED)]);
});

test('a script whose top level cannot be ended is given up in time', async () => {
  const { made, lost } = countingSandboxes();
  const outcomes = await made.open(`${ENDLESS}; ${body('return { a: 1 }')}`).run(numbered(2));
  expect(outcomes.map(shown)).toEqual(
    Array.from({ length: 2 }, () => '26002 the script itself does not come to an end'),
  );
  expect(lost.count).toBe(1);
});

test('a script that took too long to load once is loaded once more', async () => {
  const until = Date.now() + 400;
  expect(await transform(`while (Date.now() < ${until}); ${body('return { a: 1 }')}`)).toEqual({ a: 1 });
});

test('a sandbox that somebody had in hand when it was retired keeps no isolate', async () => {
  const sandbox = new IsolateSandbox(body('return { a: 1 }'), { ...limits, timeoutMs: 5_000 }, reports);
  await sandbox.run(numbered(1));
  expect(await sandbox.heapBytes()).toBeGreaterThan(0);
  sandbox.retire();
  expect((await sandbox.run(numbered(1))).map(shown)).toEqual([{ a: 1 }]);
  await sandbox.run([]);
  expect(await sandbox.heapBytes()).toBeUndefined();
});
