import { tryScript, type ParsingTrialResult, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  startServedRegistry,
  type ApiAnswer,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

const RESULT: ParsingTrialResult = {
  outcome: 'parsed',
  result: { n: 1 },
  logs: [],
  milliseconds: 0.1,
  memoryBytes: 1_000,
  error: null,
  isCut: false,
  comparison: null,
};
const SAMPLE = {
  messageId: 'm-1',
  deviceName: 'pump',
  topic: 'up',
  time: '2026-01-01T00:00:00.000Z',
  payload: 'AQ==',
};

const resources = new AsyncDisposableStack();
let registry: ServedRegistry;
let parser: NatsConnection;
let path: string;
const asked: RequestOf<typeof tryScript>[] = [];
/** What the parser answers next. */
let reply: ReplyOf<typeof tryScript>;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  parser = resources.use(await connectNats(registry.natsUrl, 'parser'));
  parser.subscribe(tryScript.subject, {
    callback: (_error, message) => {
      asked.push(tryScript.request.parse(message.json()));
      message.respond(JSON.stringify(reply));
    },
  });
  const { productKey } = await createGateway(registry, 'plant_1');
  path = `/products/${productKey}/parsing`;
});
afterAll(() => resources.disposeAsync());

const tryDraft = (json: unknown): Promise<ApiAnswer> => registry.call(`POST ${path}/draft:try`, { json });

// The tests tell one story: each goes on where the one before it ended.

test('without a draft there is nothing to try, but code can be', async () => {
  reply = { outcome: 'tried', items: [{ sample: null, result: RESULT }] };
  const message = { topic: 'up', payload: '0x00 Ff', encoding: 'hex' };
  expect(await tryDraft(message)).toMatchObject({
    status: 404,
    body: { code: 'REGISTRY_PARSING_DRAFT_NOT_FOUND' },
  });
  expect(await tryDraft({ ...message, code: 'one' })).toMatchObject({ status: 200, body: RESULT });
  expect(asked.at(-1)).toMatchObject({
    script: { language: 'javascript', code: 'one' },
    compareWith: null,
    input: { kind: 'message', topic: 'up', payload: 'AP8=' },
  });
  expect(await tryDraft({ ...message, code: 'x'.repeat(131_073) })).toMatchObject({ status: 413 });
  expect(await registry.call('POST /products/a1none/parsing/draft:try', { json: message })).toMatchObject({
    status: 404,
    body: { code: 'REGISTRY_PRODUCT_NOT_FOUND' },
  });
});

test('a payload that is not what it is said to be is a clear problem', async () => {
  expect(await tryDraft({ topic: 'up', payload: '0x0g', encoding: 'hex' })).toMatchObject({
    status: 400,
    body: {
      code: 'HTTP_REQUEST_INVALID',
      errors: [{ path: 'payload', message: 'is no hex: it holds "g"' }],
    },
  });
});

test('the draft is tried on the last messages beside the version in force, and stays a draft', async () => {
  await registry.call(`PUT ${path}/draft`, { json: { language: 'javascript', code: 'one()' } });
  await registry.call(`POST ${path}/draft:submit`);
  await registry.call(`PUT ${path}/draft`, { json: { language: 'javascript', code: 'two()' } });
  reply = { outcome: 'tried', items: [{ sample: SAMPLE, result: RESULT }] };
  expect(await tryDraft({ recent: 20, compare: true })).toMatchObject({
    status: 200,
    body: { items: [{ ...RESULT, message: SAMPLE }] },
  });
  expect(asked.at(-1)).toMatchObject({
    script: { code: 'two()' },
    compareWith: { version: 1, code: 'one()' },
    input: { kind: 'recent', count: 20 },
  });
  const { body: versions } = await registry.call(`GET ${path}/versions`);
  expect(versions.items).toMatchObject([{ version: 1, code: 'one()', isInForce: true }]);
});

test('a downlink is tried, and a parser that has enough to try is a clear problem', async () => {
  reply = { outcome: 'tried', items: [{ sample: null, result: RESULT }] };
  await tryDraft({ function: 'protocolToRawData', json: { celsius: 21 } });
  expect(asked.at(-1)).toMatchObject({ input: { kind: 'downlink', json: '{"celsius":21}' } });
  reply = { outcome: 'busy', trialsAtOnce: 2 };
  expect(await tryDraft({ recent: 1 })).toMatchObject({
    status: 429,
    body: { code: 'REGISTRY_PARSING_TRIALS_EXCEEDED' },
  });
});
