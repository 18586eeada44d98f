import { watchedSubject, watchProduct, type WatchedMessage } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createTestDatabase, eventually, startTestNats } from '@gatehouse/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BOOTSTRAP_KEY,
  createGateway,
  importDevices,
  startRegistry,
  type RegistryUnderTest,
} from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let registry: RegistryUnderTest;
let nats: NatsConnection;
let productKey: string;

beforeAll(async () => {
  const server = resources.use(await startTestNats());
  const database = resources.use(await createTestDatabase());
  nats = resources.use(await connectNats(server.url, 'test'));
  registry = await startRegistry(database.url, server.url);
  await registry.ready();
  ({ productKey } = await createGateway(registry, 'plant_1'));
});
afterAll(() => resources.disposeAsync());

/** A reader as a person with curl is one: text as it comes. */
class Reader {
  text = '';
  isEnded = false;

  static async open(query = ''): Promise<Reader> {
    const response = await fetch(`${registry.url}/api/v1/products/${productKey}/messages/stream${query}`, {
      headers: { authorization: `Bearer ${BOOTSTRAP_KEY}` },
    });
    const reader = new Reader();
    // One that is cut off has not ended.
    reader.#read(response).catch(() => undefined);
    return reader;
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) this.text += decoder.decode(chunk, { stream: true });
    this.isEnded = true;
  }

  until(text: string): Promise<void> {
    return eventually(() => {
      if (!this.text.includes(text)) throw new Error(`no ${text} in ${this.text}`);
    });
  }
}

const message = (rest: Partial<WatchedMessage>): WatchedMessage => ({
  messageId: 'm1',
  deviceName: 'pump-7',
  topic: 'up/temperature',
  qos: 1,
  time: '2026-01-01T00:00:00.000Z',
  raw: Buffer.from([0, 50]).toString('base64'),
  outcome: 'parsed',
  payload: Buffer.from('{"celsius":5}').toString('base64'),
  scriptVersion: 3,
  ...rest,
});
const copy = (watched: WatchedMessage): void =>
  nats.publish(watchedSubject(productKey), JSON.stringify(watched));

// The tests tell one story: each goes on where the one before it ended.

test('a reader is connected when the parsers copy, and sees raw and parsed what it asked for', async () => {
  const reader = await Reader.open(`?device=pump-7&topic=${encodeURIComponent('up/#')}`);
  const asked: unknown[] = [];
  expect(reader.text).toBe('');
  nats.subscribe(watchProduct.subject, {
    callback: (_error, request) => {
      asked.push(request.json());
      request.respond(JSON.stringify({ instance: 'parser-1' }));
    },
  });
  await reader.until(': connected');
  expect(asked).toContainEqual({ productKey, seconds: expect.any(Number) });

  copy(message({ messageId: 'other-device', deviceName: 'pump-8' }));
  copy(message({ messageId: 'other-topic', topic: 'down/x' }));
  copy(message({}));
  await reader.until('event: message\nid: m1\ndata: ');
  expect(reader.text).not.toContain('other-');
  const data: unknown = JSON.parse(/data: (.*)/.exec(reader.text)?.[1] ?? '');
  expect(data).toEqual({
    messageId: 'm1',
    deviceName: 'pump-7',
    topic: 'up/temperature',
    qos: 1,
    time: '2026-01-01T00:00:00.000Z',
    raw: { base64: 'ADI=' },
    outcome: 'parsed',
    payload: { celsius: 5 },
    scriptVersion: 3,
    error: null,
    traceparent: null,
  });
  await eventually(() => expect(asked.length).toBeGreaterThan(1));
});

test('a filter that is none and a product that is not there are refused before the stream begins', async () => {
  const path = `/products/${productKey}/messages/stream`;
  expect(await registry.call(`GET ${path}?topic=a%23`)).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'topic' }] },
  });
  expect(await registry.call('GET /products/none/messages/stream')).toMatchObject({ status: 404 });
});

test('who waits for a device that the product does not have is told so, and sees it when it comes', async () => {
  const reader = await Reader.open('?device=pump%0A9');
  await reader.until(': connected');
  await reader.until(': the product has no device "pump\\n9" yet');
  copy(message({ messageId: 'm9', deviceName: 'pump\n9' }));
  await reader.until('id: m9');

  await importDevices(registry, productKey, 'pump-3');
  const ofKnown = await Reader.open('?device=pump-3');
  await ofKnown.until(': connected');
  copy(message({ messageId: 'm3', deviceName: 'pump-3' }));
  await ofKnown.until('id: m3');
  expect(ofKnown.text).not.toContain('has no device');
});

test('streams end cleanly when the service stops', async () => {
  const reader = await Reader.open();
  await reader.until(': connected');
  await registry[Symbol.asyncDispose]();
  await eventually(() => expect(reader.isEnded).toBe(true));
});
