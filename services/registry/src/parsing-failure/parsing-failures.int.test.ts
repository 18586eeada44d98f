import {
  FAILURE_HEADERS,
  MESSAGE_HEADERS,
  parsingFailureSubject,
  retryFailures,
  type ReplyOf,
  type RequestOf,
} from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  startServedRegistry,
  type ApiAnswer,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let registry: ServedRegistry;
let parser: NatsConnection;
let gateways = 0;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  parser = resources.use(await connectNats(registry.natsUrl, 'parser'));
});
afterAll(() => resources.disposeAsync());

/** A product of its own, and its path. */
async function newProduct(): Promise<{ productKey: string; path: string }> {
  const { productKey } = await createGateway(registry, `plant_${(gateways += 1)}`);
  return { productKey, path: `/products/${productKey}/parsing/failures` };
}

interface Failed {
  readonly messageId: string;
  readonly device?: string;
  readonly code?: string;
  readonly payload?: Uint8Array;
}

/** As parsers store it. */
async function keepAside(productKey: string, failed: Failed): Promise<void> {
  const { messageId, device = 'pump', code = '26002', payload = Uint8Array.of(1, 255) } = failed;
  const record = headers();
  record.set('Nats-Msg-Id', messageId);
  record.set(MESSAGE_HEADERS.messageId, messageId);
  record.set(MESSAGE_HEADERS.topic, 'up/a b');
  record.set(MESSAGE_HEADERS.qos, '1');
  record.set(MESSAGE_HEADERS.time, '2026-01-01T00:00:00.000Z');
  record.set(MESSAGE_HEADERS.scriptVersion, '3');
  record.set(MESSAGE_HEADERS.parsingError, code);
  record.set(FAILURE_HEADERS.errorMessage, 'too hot');
  record.set(FAILURE_HEADERS.errorLine, '2');
  record.set(FAILURE_HEADERS.errorColumn, '7');
  await jetstream(parser).publish(parsingFailureSubject(productKey, device, code), payload, {
    headers: record,
  });
}

const idsOf = ({ body }: ApiAnswer): string[] =>
  body.items.map(({ messageId }: { messageId: string }) => messageId);

test('failed messages are listed newest first, of a device or with a code', async () => {
  const { productKey, path } = await newProduct();
  expect(await registry.call(`GET ${path}`)).toMatchObject({ status: 200, body: { items: [], next: null } });
  await keepAside(productKey, { messageId: 'm-1', device: 'pump.7' });
  await keepAside(productKey, { messageId: 'm-2', device: 'fan', code: '6201' });
  await keepAside(productKey, { messageId: 'm-3', device: 'pump.7', code: '6201' });
  const all = await registry.call(`GET ${path}`);
  expect(idsOf(all)).toEqual(['m-3', 'm-2', 'm-1']);
  expect(all.body.items[2]).toEqual({
    messageId: 'm-1',
    deviceName: 'pump.7',
    topic: 'up/a b',
    qos: 1,
    time: '2026-01-01T00:00:00.000Z',
    payload: 'Af8=',
    scriptVersion: 3,
    error: { code: '26002', message: 'too hot', line: 2, column: 7 },
  });
  expect(idsOf(await registry.call(`GET ${path}?device=pump.7`))).toEqual(['m-3', 'm-1']);
  expect(idsOf(await registry.call(`GET ${path}?code=6201`))).toEqual(['m-3', 'm-2']);
  expect(idsOf(await registry.call(`GET ${path}?device=fan&code=26002`))).toEqual([]);
});

test('pages hold all of a product once, however they lie among those of others', async () => {
  const [{ productKey, path }, other] = await Promise.all([newProduct(), newProduct()]);
  const ids: string[] = [];
  const keepOwn = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      const messageId = `own-${ids.length}`;
      ids.unshift(messageId);
      await keepAside(productKey, { messageId, device: `pump-${ids.length % 3}` });
    }
  };
  const keepOthers = (count: number, name: string): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        keepAside(other.productKey, { messageId: `${name}-${n}`, device: `fan-${n % 7}` }),
      ),
    );
  await keepOwn(30);
  await keepOthers(600, 'first');
  await keepOwn(1);
  await keepOthers(100, 'second');
  await keepOwn(9);
  for (const limit of [1, 7, 39, 40, 100]) {
    const found: string[] = [];
    let after = '';
    do {
      const page = await registry.call(`GET ${path}?limit=${limit}${after}`);
      expect(page.body.items.length).toBeLessThanOrEqual(limit);
      found.push(...idsOf(page));
      after = page.body.next === null ? '' : `&after=${page.body.next}`;
    } while (after !== '');
    expect(found).toEqual(ids);
  }
});

test('a page of long payloads ends early', async () => {
  const { productKey, path } = await newProduct();
  for (let n = 0; n < 12; n += 1) {
    await keepAside(productKey, { messageId: `long-${n}`, payload: new Uint8Array(900_000) });
  }
  const { body } = await registry.call(`GET ${path}`);
  expect(body.items).toHaveLength(9);
  expect(idsOf(await registry.call(`GET ${path}?after=${body.next}`))).toEqual([
    'long-2',
    'long-1',
    'long-0',
  ]);
});

test('failed messages are thrown away by device and code, and those of other products stay', async () => {
  const [{ productKey, path }, other] = await Promise.all([newProduct(), newProduct()]);
  await keepAside(other.productKey, { messageId: 'd-0' });
  await keepAside(productKey, { messageId: 'd-1' });
  await keepAside(productKey, { messageId: 'd-2', code: '6201' });
  await keepAside(productKey, { messageId: 'd-3', device: 'fan' });
  const deletionOf = async (query: string) => (await registry.call(`DELETE ${path}${query}`)).body;
  expect(await deletionOf('?device=pump&code=26002')).toEqual({ deleted: 1 });
  expect(idsOf(await registry.call(`GET ${path}`))).toEqual(['d-3', 'd-2']);
  const keyed = { headers: { 'idempotency-key': 'delete-1' } };
  expect((await registry.call(`DELETE ${path}`, keyed)).body).toEqual({ deleted: 2 });
  await keepAside(productKey, { messageId: 'd-4' });
  expect((await registry.call(`DELETE ${path}`, keyed)).body).toEqual({ deleted: 2 });
  expect(idsOf(await registry.call(`GET ${path}`))).toEqual(['d-4']);
  expect(idsOf(await registry.call(`GET ${other.path}`))).toEqual(['d-0']);
});

test('what is no product, code or cursor is refused', async () => {
  const { path } = await newProduct();
  for (const call of ['GET', 'DELETE']) {
    expect(await registry.call(`${call} /products/a1none/parsing/failures`)).toMatchObject({
      body: { code: 'REGISTRY_PRODUCT_NOT_FOUND' },
    });
    expect((await registry.call(`${call} ${path}?code=%3E`)).status).toBe(400);
  }
  expect(await registry.call(`GET ${path}?after=x`)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'after' }] },
  });
});

test('a parser is asked to parse them again, and answers what came of it', async () => {
  const { productKey, path } = await newProduct();
  expect(await registry.call(`POST ${path}:retry`, { json: {} })).toMatchObject({
    status: 503,
    body: { code: 'BUS_SERVICE_UNREACHABLE' },
  });
  const asked: RequestOf<typeof retryFailures>[] = [];
  let reply: ReplyOf<typeof retryFailures> = {
    outcome: 'done',
    parsed: 2,
    failed: 1,
    remaining: 3,
    next: '4-9',
  };
  parser.subscribe(retryFailures.subject, {
    callback: (_error, message) => {
      asked.push(retryFailures.request.parse(message.json()));
      message.respond(JSON.stringify(reply));
    },
  });
  await parser.flush();
  expect(await registry.call(`POST ${path}:retry`, { json: {} })).toMatchObject({
    status: 200,
    body: { parsed: 2, failed: 1, remaining: 3, next: '4-9' },
  });
  const selection = { device: 'pump.7', code: '26002', messageIds: ['m-1'], limit: 5, after: '4-9' };
  reply = { outcome: 'busy' };
  expect(await registry.call(`POST ${path}:retry`, { json: selection })).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_PARSING_RETRY_RUNNING' },
  });
  const keyed = { json: { limit: 7 }, headers: { 'idempotency-key': 'retry-1' } };
  expect((await registry.call(`POST ${path}:retry`, keyed)).status).toBe(409);
  reply = { outcome: 'done', parsed: 5, failed: 0, remaining: 0 };
  const first = await registry.call(`POST ${path}:retry`, keyed);
  reply = { outcome: 'done', parsed: 0, failed: 0, remaining: 0 };
  const again = await registry.call(`POST ${path}:retry`, keyed);
  expect([first.body.parsed, again.status, again.body]).toEqual([5, 200, first.body]);
  expect(await registry.call(`POST ${path}:retry`, { ...keyed, json: {} })).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_IDEMPOTENCY_KEY_REUSED' },
  });
  expect(asked.splice(2)).toEqual([
    { productKey, filter: {}, limit: 7 },
    { productKey, filter: {}, limit: 7 },
  ]);
  expect(asked).toEqual([
    { productKey, filter: {}, limit: 1_000 },
    {
      productKey,
      filter: { deviceName: 'pump.7', code: '26002', messageIds: ['m-1'] },
      limit: 5,
      after: '4-9',
    },
  ]);
  expect(await registry.call(`POST ${path}:retry`, { json: { after: '4' } })).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'after' }] },
  });
});
