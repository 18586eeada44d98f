import { jetstreamManager } from '@nats-io/jetstream';
import { BUCKETS, MESSAGES_STREAM, STREAMS } from '@gatehouse/contracts';
import { startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { connectNats } from './connect-nats.ts';
import { headerLine } from './encoded-headers.ts';
import { StreamPublisher } from './stream-publisher.ts';
import { ensureStreams } from './stream-setup.ts';

const setup = { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('what is reported as stored is in the stream, in order, with its headers', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, setup);
  using publisher = new StreamPublisher(nats, 20_000);

  const stored = await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      publisher.store(
        'messages.v1.p.d.up',
        bytes(String(index)),
        headerLine('Gatehouse-Topic', `up\r\nNats-Msg-Id: ${index}`),
      ),
    ),
  );

  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, index) => index + 1));
  const manager = await jetstreamManager(nats);
  const last = await manager.streams.getMessage(MESSAGES_STREAM.name, { seq: 500 });
  expect(new TextDecoder().decode(last?.data)).toBe('499');
  expect(last?.header.get('Gatehouse-Topic')).toBe(encodeURIComponent('up\r\nNats-Msg-Id: 499'));
  expect(last?.header.get('Nats-Msg-Id')).toBe('');
  expect(publisher.pending).toBe(0);
});

test('a message that was stored before is reported as a duplicate', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, setup);
  using publisher = new StreamPublisher(nats, 20_000);
  const header = headerLine('Nats-Msg-Id', 'edge-1');

  const first = await publisher.store('messages.v1.p.d.up', bytes('a'), header);
  const again = await publisher.store('messages.v1.p.d.up', bytes('a'), header);

  expect([first.duplicate, again.duplicate, again.seq]).toEqual([false, true, first.seq]);
});

test('a subject that no stream takes is refused at once', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  using publisher = new StreamPublisher(nats, 60_000);

  await expect(publisher.store('nowhere.v1', bytes('a'))).rejects.toMatchObject({
    code: 'BUS_PUBLISH_REFUSED',
  });
});

test('a message without an answer is refused when its time is over', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  using publisher = new StreamPublisher(nats, 300);
  nats.subscribe('silent', { callback: () => undefined });

  await expect(publisher.store('silent', bytes('a'))).rejects.toMatchObject({
    reason: 'no answer within 300 ms',
  });
});

test('setting up streams twice, also at once, changes nothing', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await Promise.all([ensureStreams(nats, setup), ensureStreams(nats, setup)]);
  await ensureStreams(nats, setup);
  const manager = await jetstreamManager(nats);
  const expected = [...STREAMS.map(({ name }) => name), ...BUCKETS.map(({ name }) => `KV_${name}`)];
  expect((await manager.streams.names().next()).toSorted()).toEqual(expected.toSorted());
});

test('a message over a limit on size is refused as too large, by nats.js and by the stream', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, setup);
  const manager = await jetstreamManager(nats);
  await manager.streams.update(MESSAGES_STREAM.name, { max_msg_size: 1_000 });
  using publisher = new StreamPublisher(nats, 20_000);

  for (const size of [2_000, nats.info?.max_payload ?? 0]) {
    await expect(
      publisher.store('messages.v1.p.d.up', new Uint8Array(size), headerLine('Gatehouse-Topic', 'up')),
    ).rejects.toMatchObject({ code: 'BUS_PUBLISH_REFUSED', isTooLarge: true });
  }
  await expect(publisher.store('nobody.takes.this', bytes('a'))).rejects.toMatchObject({ isTooLarge: false });
});
