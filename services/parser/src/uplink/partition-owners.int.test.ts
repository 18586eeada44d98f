import { connectNats, ensureStreams } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { ParserMetrics } from '../observability/parser-metrics.ts';
import { BusConnection } from './bus-connection.ts';
import { PartitionOwners } from './partition-owners.ts';
import type { UplinkConsumer } from './uplink-consumer.ts';
import type { UplinkPipeline } from './uplink-pipeline.ts';

test('a partition that was lost and taken again while it was released keeps its new owner', async () => {
  await using server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 });
  const added: UplinkConsumer[] = [];
  const pipeline: Pick<UplinkPipeline, 'add' | 'remove'> = {
    add: (consumer) => void added.push(consumer),
    remove: () => undefined,
  };
  const owners = new PartitionOwners(pipeline as UplinkPipeline, {
    nats,
    connection: new BusConnection(nats),
    metrics: new ParserMetrics(),
    logger: createLogger('parser', 'silent'),
  });
  owners.acquired(0);
  await eventually(() => expect(added).toHaveLength(1));
  const released = owners.release(0);
  owners.lost(0);
  owners.acquired(0);
  await released;
  await eventually(() => expect(added).toHaveLength(2));

  owners.lost(0);

  expect(added[1]?.isAbandoned).toBe(true);
  await nats.close();
});
