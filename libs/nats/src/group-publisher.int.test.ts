import { MESSAGES_STREAM } from '@gatehouse/contracts';
import { startTestNats } from '@gatehouse/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { connectNats } from './connect-nats.ts';
import { headerLine } from './encoded-headers.ts';
import { GroupPublisher, type GroupMessage } from './group-publisher.ts';
import { ensureStreams } from './stream-setup.ts';

async function startPublisher(timeoutMs = 20_000) {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 });
  const publisher = new GroupPublisher(nats, timeoutMs);
  const manager = await jetstreamManager(nats);
  return {
    nats,
    manager,
    publisher,
    storedCount: async () => (await manager.streams.info(MESSAGES_STREAM.name)).state.messages,
    async stored(seq: number): Promise<string> {
      const message = await manager.streams.getMessage(MESSAGES_STREAM.name, { seq });
      return new TextDecoder().decode(message?.data);
    },
    async [Symbol.asyncDispose]() {
      publisher.close();
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const message = (n: number): GroupMessage => ({
  subject: `messages.v1.p.d${n % 3}.up`,
  payload: new TextEncoder().encode(String(n)),
  headerBlock: headerLine('Nats-Msg-Id', `m-${n}`),
});
const group = (from: number, to: number): GroupMessage[] =>
  Array.from({ length: to - from }, (_, index) => message(from + index));

test.each([1, 2, 500, 501, 1_700])('a group of %i is stored in order', async (size) => {
  await using stream = await startPublisher();
  await stream.publisher.store(group(0, size));
  expect(await stream.storedCount()).toBe(size);
  expect(await stream.stored(1)).toBe('0');
  expect(await stream.stored(size)).toBe(String(size - 1));
});

test('a group that was stored in part is completed by publishing it again', async () => {
  await using stream = await startPublisher();
  await stream.publisher.store(group(0, 7));
  await stream.publisher.store(group(0, 10));
  await stream.publisher.store(group(5, 10));
  expect(await stream.storedCount()).toBe(10);
  expect(await stream.stored(10)).toBe('9');
});

test('many groups at once are all stored', async () => {
  await using stream = await startPublisher();
  await Promise.all(Array.from({ length: 40 }, (_, n) => stream.publisher.store(group(n * 50, n * 50 + 50))));
  expect(await stream.storedCount()).toBe(2_000);
});

test('after a gap nothing more of the batch is stored, and the group is refused', async () => {
  await using stream = await startPublisher();
  const { nats } = stream;
  // The third message goes to a subject that somebody else swallows: the stream never sees it.
  nats.subscribe('elsewhere', { callback: () => undefined });
  const messages = group(0, 6).map((each, n) => (n === 2 ? { ...each, subject: 'elsewhere' } : each));
  await expect(stream.publisher.store(messages)).rejects.toMatchObject({ code: 'BUS_PUBLISH_REFUSED' });
  expect(await stream.storedCount()).toBe(2);
});

test('a subject that no stream takes is refused at once', async () => {
  await using stream = await startPublisher();
  const nowhere = [{ ...message(0), subject: 'nowhere' }];
  await expect(stream.publisher.store(nowhere)).rejects.toMatchObject({
    reason: 'no stream takes this subject',
  });
});

test('a group without an answer is refused when its time is over', async () => {
  await using stream = await startPublisher(500);
  stream.nats.subscribe('silent', { callback: () => undefined });
  const silent = [{ ...message(0), subject: 'silent' }];
  await expect(stream.publisher.store(silent)).rejects.toMatchObject({ reason: 'no answer within 500 ms' });
});

test('a group with a message that the stream will never take is refused for good', async () => {
  await using stream = await startPublisher();
  const large = { ...message(1), payload: new Uint8Array(2_000) };
  await stream.manager.streams.update(MESSAGES_STREAM.name, { max_msg_size: 1_000 });
  await expect(stream.publisher.store([message(0), large, message(2)])).rejects.toMatchObject({
    code: 'BUS_PUBLISH_REFUSED',
    isPermanent: true,
  });
  await expect(stream.publisher.store([large])).rejects.toMatchObject({ isPermanent: true });
  const headers = headerLine('a', 'x'.repeat(70_000));
  await stream.manager.streams.update(MESSAGES_STREAM.name, { max_msg_size: -1 });
  await expect(stream.publisher.store([{ ...message(3), headerBlock: headers }])).rejects.toMatchObject({
    isPermanent: true,
  });
});

test('a message over a limit of the server is known before it is published', async () => {
  await using stream = await startPublisher();
  const maxPayload = stream.nats.info?.max_payload ?? 0;
  const why = (difference: Partial<GroupMessage>) =>
    stream.publisher.whyUnstorable({ ...message(1), ...difference });
  expect(why({})).toBeUndefined();
  expect(why({ headerBlock: headerLine('a', '温'.repeat(20_000)) })).toMatch(/^its headers have 60005 bytes/);
  expect(why({ payload: new Uint8Array(maxPayload - 4_096) })).toMatch(
    /bytes with its headers; \d+ are allowed/,
  );
  expect(why({ payload: new Uint8Array(maxPayload - 8_192) })).toBeUndefined();
  expect(why({ subject: `messages.v1.${'x'.repeat(4_000)}` })).toMatch(/^its subject has 4012 bytes/);
});
