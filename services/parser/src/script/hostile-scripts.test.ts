import { CountedTotal } from '@gatehouse/observability';
import { afterAll, afterEach, expect, test } from 'vitest';
import { IsolateSandboxes } from './isolate-sandbox.ts';
import type { ScriptSandbox } from './script-sandbox.ts';
import { body, shown } from '../testing/script-outcomes.ts';

let lostIsolates = 0;
const sandboxesOf = (timeoutMs: number): IsolateSandboxes =>
  new IsolateSandboxes(
    { timeoutMs, memoryMb: 32, maxResultBytes: 100_000 },
    {
      scriptCpuSeconds: new CountedTotal('test.script_cpu', ''),
      onIsolateLost: () => (lostIsolates += 1),
    },
  );
/** For scripts that run into their time, and for those that must not on a busy machine. */
const hasty = sandboxesOf(30);
const patient = sandboxesOf(5_000);

const inputs = [7, 8].map((byte) => ({ topic: 'up', payload: Uint8Array.of(byte) }));
const good = patient.open('function transformPayload(topic, rawData) { return { n: rawData[0] } }');
const GOOD = [{ n: 7 }, { n: 8 }];
afterAll(() => good.retire());
afterEach(() => {
  const lost = lostIsolates;
  lostIsolates = 0;
  if (lost > 0) throw new Error('an isolate does not end');
});

async function outcomesOf(sandbox: ScriptSandbox): Promise<unknown[]> {
  const outcomes = await sandbox.run(inputs);
  return outcomes.map(shown);
}

/** That of the first message. */
async function transform(sandboxes: IsolateSandboxes, code: string): Promise<unknown> {
  const sandbox = sandboxes.open(code);
  try {
    const [outcome] = await sandbox.run(inputs.slice(0, 1));
    return outcome === undefined ? undefined : shown(outcome);
  } finally {
    sandbox.retire();
  }
}

const TOO_SLOW = '26002 transformPayload took longer than 30 ms';
const EMPTY = '6201 transformPayload returned an empty object';
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
/** Which of the two limits it meets first is a matter of the machine. */
const TOO_MUCH = like(/^26002 transformPayload (took longer than 30 ms|needs more than 32 MB of memory)$/);

const LOOPS: readonly (readonly [string, string])[] = [
  ['while (true)', body('while (true);')],
  ['a loop in a finally block', body('try { for (;;); } finally { for (;;); }')],
  ['a loop that catches everything', body('for (;;) { try { for (;;); } catch (e) {} }')],
  ['a labelled loop that goes on', body('a: for (;;) { for (;;) continue a; }')],
  [
    'a generator without an end',
    body('function* g() { for (;;) yield 1 } for (var x of g()); return { a: 1 }'),
  ],
  [
    'an iterator without an end',
    body('return { a: Math.max.apply(0, [...{ [Symbol.iterator]() { return { next() { for (;;); } } } }]) }'),
  ],
  ['a backtracking expression', body('return { a: /^(a+)+$/.test("a".repeat(40) + "b") }')],
  [
    'a backtracking replace',
    body('return { a: "a".repeat(40).replace(/(a|aa)+c/, "") + "a".repeat(60).replace(/(a|a?)+b/, "") }'),
  ],
  [
    'a sort whose order never settles',
    body('var i = 0; return { a: [3, 2, 1].sort(function () { for (;;); }) }'),
  ],
  ['a getter in the result', body('return { get a() { for (;;); } }')],
  ['a proxy as the result', body('return new Proxy({}, { ownKeys: function () { for (;;); } })')],
  ['toJSON that loops', body('return { toJSON: function () { for (;;); } }')],
  ['toString of what is thrown', body('throw { toString: function () { for (;;); } }')],
  [
    'stack of what is thrown',
    body('throw { toString: function () { return "x" }, get stack() { for (;;); } }'),
  ],
  [
    'Error.prepareStackTrace',
    `Error.prepareStackTrace = function () { for (;;); }; ${body('throw new Error("x")')}`,
  ],
  ['Symbol.toPrimitive', body('return { a: 1 + { [Symbol.toPrimitive]: function () { for (;;); } } }')],
  [
    'Symbol.hasInstance',
    body('return { a: 1 instanceof { [Symbol.hasInstance]: function () { for (;;); } } }'),
  ],
  [
    'an element setter of Array.prototype',
    `Object.defineProperty(Array.prototype, 0, { set: function () { for (;;); } }); ${body('return { a: 1 }')}`,
  ],
  ['a microtask', body('Promise.resolve().then(function () { for (;;); }); return { a: 1 }')],
  ['microtasks that never dry up', body('(function f() { Promise.resolve().then(f) })(); return { a: 1 }')],
  ['an async function', body('(async function () { for (;;) await 1 })(); return { a: 1 }')],
  ['a BigInt that is too hard', body('var a = 3n; for (;;) a = a * a % (1n << 4000n) + 3n')],
];

test.each(LOOPS)('%s without an end runs out of its time', async (_title, code) => {
  expect(await transform(hasty, code)).toBe(TOO_SLOW);
  expect(await outcomesOf(good)).toEqual(GOOD);
});

const NO_ARRAY = '26002 RangeError: Invalid array length';
const NO_BUFFER = '26002 RangeError: Array buffer allocation failed';
const NO_STRING = '26002 RangeError: Invalid string length';
const NO_STACK = '26002 RangeError: Maximum call stack size exceeded';
const LONG = 'var s = "ab"; while (s.length < 2e8) s += s;';

const HEAP: readonly (readonly [string, string, unknown])[] = [
  ['an array that grows', 'var a = []; for (;;) a.push(a.length)', TOO_MUCH],
  ['objects that are kept', 'var a = {}; for (var i = 0; ; i += 1) a["k" + i] = { i: i, s: [i] }', TOO_MUCH],
  [
    'strings that are kept',
    'var a = []; for (;;) a.push("x".repeat(1e5) + a.length + Math.random())',
    TOO_MUCH,
  ],
  ['a Map that grows', 'var m = new Map(); for (var i = 0; ; i += 1) m.set(i, {})', TOO_MUCH],
  ['closures', 'var f = null; for (;;) f = (function (g) { return function () { return g } })(f)', TOO_MUCH],
  [
    'functions made of text',
    'var a = []; for (var i = 0; ; i += 1) a.push(new Function("return " + i))',
    TOO_MUCH,
  ],
  ['BigInts that are kept', 'var b = 1n << 100000n, a = []; for (;;) a.push(b + BigInt(a.length))', TOO_MUCH],
  ['symbols', 'var a = {}; for (;;) a[Symbol()] = 1', TOO_MUCH],
  ['a chain of prototypes', 'var p = {}; for (;;) p = Object.create(p)', TOO_MUCH],
  ['bound functions', 'var f = function () {}; for (;;) f = f.bind(null, 1, 2, 3)', TOO_MUCH],
  ['an array of promises', 'var a = []; for (;;) a.push(new Promise(function () {}))', TOO_MUCH],
  ['typed arrays that are kept', 'var a = []; for (;;) a.push(new Float64Array(1e5))', NO_BUFFER],
  ['a huge typed array', 'return { a: new Uint8Array(4e9).length }', NO_BUFFER],
  ['a huge ArrayBuffer', 'return { a: new ArrayBuffer(2e9).byteLength }', NO_BUFFER],
  [
    'a huge resizable ArrayBuffer',
    'return { a: new ArrayBuffer(2e9, { maxByteLength: 2e9 }).byteLength }',
    NO_BUFFER,
  ],
  [
    'an ArrayBuffer that grows',
    'new ArrayBuffer(1, { maxByteLength: 1e9 }).resize(1e9)',
    like(/^26002 TypeError: /),
  ],
  [
    'an ArrayBuffer that grows, of the old constructor',
    'new new Uint8Array(1).buffer.constructor(1, { maxByteLength: 1e9 }).resize(1e9)',
    like(/^26002 TypeError: /),
  ],
  ['an array of a negative length', 'return { a: new Array(-1) }', NO_ARRAY],
  ['an array of all lengths as arguments', 'return { a: Math.max.apply(null, { length: 3e8 }) }', NO_ARRAY],
  [
    'a construction with too many arguments',
    'return { a: Reflect.construct(Array, { length: 3e8 }) }',
    NO_ARRAY,
  ],
  ['a string that doubles', 'for (var s = "ab"; ; ) s += s', NO_STRING],
  ['join of a huge array', 'return { a: new Array(3e8).join("ab") }', NO_STRING],
  ['padding', 'return { a: "".padEnd(1e9, "abc") }', NO_STRING],
  ['a long string in single characters', `${LONG} return { a: s.split("").length }`, NO_ARRAY],
  [
    'the same of an object',
    `${LONG} return { a: "".split.call({ toString: function () { return s } }, "").length }`,
    NO_ARRAY,
  ],
  ['a huge array as a result', 'return { a: new Array(4294967295) }', like(/^6207 .*Invalid string length/)],
  [
    'a result that is far too long',
    'for (var a = [1], i = 0; i < 16; i += 1) a = [a, a]; return { a: a }',
    like(/^26007 the result has \d+ bytes of JSON; 100000 are allowed/),
  ],
  ['a regular expression of too many groups', 'new RegExp("()".repeat(1e5))', like(/^26002 SyntaxError: /)],
  ['code that is nested too deeply', 'eval("(".repeat(1e6) + ")".repeat(1e6))', NO_STACK],
];

test.each(HEAP)('%s fails at a limit', async (_title, text, expected) => {
  expect(await transform(expected === TOO_MUCH ? hasty : patient, body(text))).toEqual(expected);
  expect(await outcomesOf(good)).toEqual(GOOD);
});

const STACK: readonly (readonly [string, string])[] = [
  ['a function that calls itself', 'return transformPayload(topic, rawData)'],
  ['a getter that gets itself', 'return { get a() { return this.a } }.a'],
  [
    'a proxy that asks itself',
    'var p = new Proxy({}, { get: function () { return p.a } }); return { a: p.a }',
  ],
  ['toString that calls itself', 'var a = { toString: function () { return "" + a } }; return { a: "" + a }'],
  ['a reviver that parses', 'return (function f() { return JSON.parse("[1]", f) })()'],
  ['a replacer that replaces', 'return (function f() { return "a".replace("a", f) })()'],
  ['a comparator that sorts', 'return (function f() { return [2, 1].sort(f) })()'],
  ['a tower of proxies', 'for (var p = {}, i = 0; i < 1e5; i += 1) p = new Proxy(p, {}); return { a: p.a }'],
];

test.each(STACK)('%s fails when the stack is full', async (_title, text) => {
  expect(await transform(patient, body(text))).toBe(NO_STACK);
  expect(await outcomesOf(good)).toEqual(GOOD);
});

test.each([
  [
    'a result nested too deeply',
    'for (var a = [], i = 0; i < 1e5; i += 1) a = [a]; return { a: a }',
    like(/^26007 the result has 200008 bytes/),
  ],
  ['a circle', 'var a = {}; a.a = [a]; return a', like(/^6207 .*circular/)],
  ['a BigInt in the result', 'return { a: 1n }', like(/^6207 .*BigInt/)],
  ['a getter that throws', 'return { get a() { throw "no" } }', like(/^6207 .*: 26002 0:0 no$/)],
  ['toJSON that throws', 'return { toJSON: function () { throw "no" } }', like(/^6207 .*: 26002 0:0 no$/)],
  ['toJSON that is a text', 'return { toJSON: function () { return "{}" } }', like(/^26007 /)],
  ['toJSON that is nothing', 'return { toJSON: function () {} }', like(/^26007 /)],
  [
    'a proxy whose keys throw',
    'return new Proxy({}, { ownKeys: function () { throw "no" } })',
    like(/^6207 .* no$/),
  ],
  [
    'a proxy that was revoked',
    'var r = Proxy.revocable({}, {}); r.revoke(); return r.proxy',
    like(/^6207 .*revoked/),
  ],
  [
    'a thrown proxy',
    'throw new Proxy({}, { get: function () { throw 1 } })',
    '26002 an exception that cannot be shown',
  ],
  ['a thrown proxy of a function', 'throw new Proxy(function () {}, {})', like(/^26002 /)],
  ['a thrown symbol', 'throw Symbol("x")', '26002 Symbol(x)'],
  ['a thrown nothing', 'throw undefined', '26002 undefined'],
  [
    'a thrown object without prototype',
    'throw Object.create(null)',
    '26002 an exception that cannot be shown',
  ],
  ['a thrown line of results', 'throw "x\\n{\\"a\\":1}\\r\\n!6201 0:0 y"', '26002 x {"a":1} !6201 0:0 y'],
  ['an endless exception', 'throw "x".repeat(1e6)', `26002 ${'x'.repeat(500)}`],
  ['a promise', 'return Promise.resolve({ a: 1 })', like(/^26007 .* a Promise/)],
  ['a rejected promise', 'return Promise.reject(new Error("no"))', like(/^26007 .* a Promise/)],
  ['a thenable', 'return { then: function (resolve) { resolve({ a: 1 }) } }', EMPTY],
  ['a generator', 'return (function* () { yield { a: 1 } })()', EMPTY],
  ['an object with symbols only', 'return { [Symbol("a")]: 1 }', EMPTY],
])('%s is a failure of its own message', async (_title, text, expected) => {
  const sandbox = patient.open(body(`if (rawData[0] === 8) return { n: 8 }; ${text}`));
  expect(await outcomesOf(sandbox)).toEqual([expected, { n: 8 }]);
  sandbox.retire();
  expect(await outcomesOf(good)).toEqual(GOOD);
});

const ATTEMPTS = [
  'require("fs")',
  'process.exit()',
  'globalThis.process.env',
  'Function("return process")()',
  'eval("process")',
  '(0, eval)("this").process.pid',
  '[].constructor.constructor("return process")()',
  'transformPayload.constructor("return require")()',
  'rawData.constructor.constructor("return this")().process.env',
  '(async function () {}).constructor("return process")().x.y',
  'Object.getPrototypeOf(function* () {}).constructor("yield process")().next()',
  'new Error().constructor.constructor("return process.mainModule.require")()',
  'import("fs").x.y',
  'arguments.callee.caller.arguments[0].x',
  'ivm.Isolate',
  'globalThis.constructor.constructor("return setTimeout")()',
  'new WebAssembly.Memory({ initial: 1 })',
  'new SharedArrayBuffer(1)',
  'new ShadowRealm()',
  'new Worker("x")',
  'fetch("http://127.0.0.1")',
  'Deno.env',
].map((text) => [text] as const);

test.each(ATTEMPTS)('%s reaches nothing', async (text) => {
  expect(await transform(patient, body(`return { found: String(${text}) }`))).toEqual(
    like(/^26002 (ReferenceError|TypeError|a promise was rejected)/),
  );
  expect(await outcomesOf(good)).toEqual(GOOD);
});

const POLLUTIONS: readonly (readonly [string, string])[] = [
  ...['Object', 'Array', 'String', 'RegExp', 'Function', 'Error', 'JSON', 'Reflect', 'Date', 'Math'].map(
    (name) => [`${name} replaced`, `globalThis.${name} = null`] as const,
  ),
  ...['Uint8Array', 'Uint32Array', 'Int32Array', 'ArrayBuffer', 'Promise', 'Proxy', 'Symbol'].map(
    (name) => [`${name} replaced`, `globalThis.${name} = function () { throw "no" }`] as const,
  ),
  ['JSON.stringify replaced', 'JSON.stringify = function () { return "{}\\n{}\\n{}" }'],
  [
    'call and apply replaced',
    'Function.prototype.call = Function.prototype.apply = function () { throw "no" }',
  ],
  ['bind replaced', 'Function.prototype.bind = function () { throw "no" }'],
  [
    'split, slice and replace of String',
    '["split", "slice", "replace"].forEach(function (n) { String.prototype[n] = function () { throw "no" } })',
  ],
  ['exec of RegExp', 'RegExp.prototype.exec = function () { throw "no" }'],
  ['Symbol.replace of RegExp', 'RegExp.prototype[Symbol.replace] = function () { return "x\\n{}\\n{}" }'],
  ['Symbol.split of String', 'String.prototype[Symbol.split] = function () { return ["a", "b", "c"] }'],
  ['Symbol.iterator of Array', 'Array.prototype[Symbol.iterator] = function () { throw "no" }'],
  [
    'Symbol.species of Array',
    'Object.defineProperty(Array, Symbol.species, { get: function () { throw "no" } })',
  ],
  ['toJSON of Object', 'Object.prototype.toJSON = undefined'],
  ['then of Object', 'Object.prototype.then = function () { throw "no" }'],
  ['get of property descriptors', 'Object.prototype.get = function () { throw "no" }'],
  ['toString of Object', 'Object.prototype.toString = Object.prototype.valueOf = function () { throw "no" }'],
  ['Date.now replaced', 'Date.now = function () { return NaN }'],
  ['Error.prepareStackTrace', 'Error.prepareStackTrace = function () { throw "no" }'],
  ['a frozen globalThis', 'Object.freeze(globalThis)'],
  [
    'length of typed arrays',
    'Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "length", { get: function () { return 1e9 } })',
  ],
  [
    'byteOffset of typed arrays',
    'Object.defineProperty(Object.getPrototypeOf(Uint8Array.prototype), "byteOffset", { value: 99 })',
  ],
];

test.each(POLLUTIONS)('%s changes nothing for the harness', async (_title, text) => {
  const sandbox = patient.open(
    `${text}; ${body('if (rawData[0] === 7) return null; return { n: rawData[0] }')}`,
  );
  expect(await outcomesOf(sandbox)).toEqual(['6201 transformPayload returned nothing', { n: 8 }]);
  sandbox.retire();
  expect(await outcomesOf(good)).toEqual(GOOD);
});

test('a prototype of globalThis that throws fails every message', async () => {
  const sandbox = patient.open(
    `Object.setPrototypeOf(globalThis, new Proxy({}, { has: function () { throw 'no' } })); ${body('return { a: 1 }')}`,
  );
  expect(await outcomesOf(sandbox)).toEqual(['26002 no', '26002 no']);
  sandbox.retire();
  expect(await outcomesOf(good)).toEqual(GOOD);
});

test('a function that replaces itself while it runs holds for the next message', async () => {
  const sandbox = patient.open(
    body('globalThis.transformPayload = function () { return { other: true } }; return { n: rawData[0] }'),
  );
  expect(await outcomesOf(sandbox)).toEqual([{ n: 7 }, { other: true }]);
  sandbox.retire();
});

test('a function that removes itself fails what follows', async () => {
  const sandbox = patient.open(
    'globalThis.transformPayload = function () { delete globalThis.transformPayload; return { n: 7 } }',
  );
  expect(await outcomesOf(sandbox)).toEqual([
    { n: 7 },
    '26002 ReferenceError: transformPayload is not defined',
  ]);
  sandbox.retire();
});

test('hostile scripts cost no isolate, and their memory is given back', async () => {
  const greedy = HEAP.filter(([, , expected]) => expected === TOO_MUCH);
  const round = async (): Promise<number> => {
    for (const [, text] of greedy) await transform(hasty, body(text));
    return process.memoryUsage().rss;
  };
  const first = await round();
  await round();
  expect((await round()) - first).toBeLessThan(64 * 1_048_576);
});
