import {
  MESSAGES_STREAM,
  PARSING_SAMPLES_STREAM,
  registryEventSubject,
  tryScript,
  type ParsingTrialResult,
  type ReplyOf,
  type RequestOf,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings } from '../testing/parser-under-test.ts';

type Request = RequestOf<typeof tryScript>;
type Tried = Extract<ReplyOf<typeof tryScript>, { outcome: 'tried' }>;

let around: Awaited<ReturnType<typeof startSurroundings>>;

beforeAll(async () => {
  around = await startSurroundings();
  around.setScript(1, script('return { n: rawData[0] }'));
  await around.startParser();
});
afterAll(() => around[Symbol.asyncDispose]());

const message = (...bytes: readonly number[]): Request['input'] => ({
  kind: 'message',
  topic: 'up/data?_sn=default',
  payload: Buffer.from(bytes).toString('base64'),
});

function ask(code: string, input: Request['input'], comparedCode?: string) {
  const compareWith =
    comparedCode === undefined ? null : { version: 1, language: 'javascript' as const, code: comparedCode };
  const request = {
    productKey: PRODUCT,
    script: { language: 'javascript' as const, code },
    compareWith,
    input,
  };
  return callService(around.nats, tryScript, request);
}

async function tryAll(...asked: Parameters<typeof ask>): Promise<Tried['items']> {
  const reply = await ask(...asked);
  if (reply.outcome === 'busy') throw new Error('the parser is busy');
  return reply.items;
}

async function tryOne(...asked: Parameters<typeof ask>): Promise<ParsingTrialResult> {
  const [item] = await tryAll(...asked);
  if (item === undefined) throw new Error('nothing was tried');
  return item.result;
}

async function storedMessages(): Promise<number> {
  return (await around.manager.streams.info(MESSAGES_STREAM.name)).state.messages;
}

test('a script is tried on a message, which goes nowhere', async () => {
  const before = await storedMessages();
  expect(await tryOne(script('return { topic: topic, n: rawData[1] }'), message(1, 2))).toMatchObject({
    outcome: 'parsed',
    result: { topic: 'up/data', n: 2 },
    error: null,
    comparison: null,
  });
  expect(await storedMessages()).toBe(before);
});

test('an error is told with its line and column', async () => {
  const code = 'function transformPayload(topic, rawData) {\n  return { n: rawData.missing.n };\n}';
  expect(await tryOne(code, message(1))).toMatchObject({
    outcome: 'failed',
    result: null,
    error: { code: '26002', line: 2, column: 31 },
  });
  expect(await tryOne('function (', message(1))).toMatchObject({ error: { code: '26002', line: 1 } });
});

test('the version in force is run too, and shown where it differs', async () => {
  const inForce = script('return { a: rawData[0], b: 2 }');
  expect(await tryOne(script('return { b: 2, a: rawData[0] }'), message(1), inForce)).toMatchObject({
    comparison: { version: 1, isEqual: true, result: null },
  });
  expect(await tryOne(script('return { a: 0 }'), message(1), inForce)).toMatchObject({
    result: { a: 0 },
    comparison: { version: 1, isEqual: false, outcome: 'parsed', result: { a: 1, b: 2 } },
  });
});

test.each([
  ['loops', 'for (;;);'],
  ['eats memory', 'const all = []; for (;;) all.push(new Array(1000).fill(0));'],
  ['cannot even be ended', 'Array.prototype.sort.call({ length: 1e9 })'],
])('a script that %s answers its error, and the next trial goes on', async (_what, body) => {
  expect(await tryOne(script(body), message(1))).toMatchObject({
    outcome: 'failed',
    error: { code: '26002' },
  });
  expect(await tryOne(script('return { n: 1 }'), message(1))).toMatchObject({ result: { n: 1 } });
});

test('what a script writes to its console is told, and what it took', async () => {
  const tried = await tryOne(script('console.warn("n is", rawData[0]); return { n: 1 }'), message(7));
  expect(tried).toMatchObject({ logs: [{ level: 'warn', text: 'n is 7' }], isCut: false });
  expect(tried.milliseconds).toBeGreaterThan(0);
  expect(tried.memoryBytes).toBeGreaterThan(10_000);
});

test('a downlink is tried: the result is its bytes', async () => {
  const code = 'function protocolToRawData(json) { return [json.celsius, 255]; }';
  const downlink: Request['input'] = { kind: 'downlink', json: '{"celsius":21}' };
  expect(await tryOne(code, downlink)).toMatchObject({ result: { hex: '15ff', base64: 'Ff8=' } });
  expect(await tryOne(script('return { n: 1 }'), downlink)).toMatchObject({ error: { code: '26006' } });
});

test('trials in excess are refused as busy', async () => {
  const replies = await Promise.all(Array.from({ length: 4 }, () => ask(script('for (;;);'), message(1))));
  expect(replies.map(({ outcome }) => outcome).toSorted()).toEqual(['busy', 'busy', 'tried', 'tried']);
});

test('a script is tried on the last real messages, newest first, until their product is deleted', async () => {
  const numbers = Array.from({ length: 9 }, (_, n) => n);
  await around.publish(numbers.map((n) => ({ deviceName: `pump-${n % 2}`, payload: Uint8Array.of(n) })));
  await eventually(async () => {
    const { state } = await around.manager.streams.info(PARSING_SAMPLES_STREAM.name);
    expect(state.messages).toBe(numbers.length);
  });
  const draft = script('if (rawData[0] === 7) throw "no"; return { n: rawData[0] }');
  const items = await tryAll(draft, { kind: 'recent', count: 3 }, script('return { n: rawData[0] }'));
  expect(
    items.map(({ sample, result }) => [sample?.deviceName, result.result, result.comparison?.isEqual]),
  ).toEqual([
    ['pump-0', { n: 8 }, true],
    ['pump-1', null, false],
    ['pump-0', { n: 6 }, true],
  ]);

  const looping = await tryAll(script('for (;;);'), { kind: 'recent', count: 9 });
  // After three of them the script is stopped: the others are not tried.
  const codes = looping.map(({ result }) => result.error?.code);
  expect(codes).toEqual(numbers.map((n) => (n < 3 ? '26002' : '26010')));

  const deleted = {
    globalPosition: '1',
    streamId: `product/${PRODUCT}`,
    streamVersion: 2,
    type: 'ProductDeleted',
    schemaVersion: 1,
    data: { productKey: PRODUCT },
    metadata: { actor: 'anna', recordedAt: new Date().toISOString() },
  };
  around.nats.publish(registryEventSubject('product', PRODUCT), JSON.stringify(deleted));
  await eventually(async () => expect(await tryAll(draft, { kind: 'recent', count: 3 })).toEqual([]));
});
