import { parsingFailureSubject, PARSING_FAILURES_STREAM, registryEventSubject } from '@gatehouse/contracts';
import { connectNats, ensureStreams } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { DeletedProducts } from './deleted-products.ts';
import { RecentSamples } from './recent-samples.ts';

test('failed messages of a product go when it is deleted, and those of others stay', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 });
  await using resources = new AsyncDisposableStack();
  const deleted = new DeletedProducts(nats, new RecentSamples(nats), createLogger('parser', 'silent'));
  resources.defer(() => deleted.onModuleDestroy());
  for (const productKey of ['p1', 'p1', 'p2']) {
    await jetstream(nats).publish(parsingFailureSubject(productKey, 'pump', '26002'), 'raw');
  }
  const event = {
    globalPosition: '1',
    streamId: 'product/p1',
    streamVersion: 2,
    type: 'ProductDeleted',
    schemaVersion: 1,
    data: {},
    metadata: { actor: 'test', recordedAt: '2026-01-01T00:00:00.000Z' },
  };
  await jetstream(nats).publish(registryEventSubject('product', 'p1'), JSON.stringify(event));
  const manager = await jetstreamManager(nats);
  await eventually(async () => {
    const { state } = await manager.streams.info(PARSING_FAILURES_STREAM.name);
    expect(state.messages).toBe(1);
  });
});
