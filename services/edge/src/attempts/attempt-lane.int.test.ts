import { ATTEMPTS_STREAM, connectionAttemptSubject } from '@gatehouse/contracts';
import { connectNats, ensureStreams, StreamPublisher } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { startTestNats } from '@gatehouse/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { NatsLink } from '../routing/nats-link.ts';
import { AttemptLane } from './attempt-lane.ts';

async function startLane() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1_024 * 1_024 });
  const publisher = new StreamPublisher(nats, 2_000);
  const metrics = new EdgeMetrics();
  const parts = { publisher, link: new NatsLink(nats), metrics, logger: createLogger('edge', 'silent') };
  const lane = new AttemptLane(
    { subject: connectionAttemptSubject('judged'), batchPrefix: 'run-1-judged', maxBatchBytes: 131_072 },
    parts,
  );
  const manager = await jetstreamManager(nats);
  return {
    lane,
    metrics,
    async refuseEverything(): Promise<void> {
      await manager.streams.update(ATTEMPTS_STREAM.name, { max_msg_size: 10 });
    },
    async stored(): Promise<unknown[][]> {
      const { state } = await manager.streams.info(ATTEMPTS_STREAM.name);
      const batches: unknown[][] = [];
      for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage(ATTEMPTS_STREAM.name, { seq });
        batches.push(message?.json<unknown[]>() ?? []);
      }
      return batches;
    },
    async [Symbol.asyncDispose]() {
      lane.close();
      publisher.close();
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const record = (index: number, bytes = 1_000): string => JSON.stringify({ index, text: 'x'.repeat(bytes) });

test('records are stored in batches of at most 128 kB, in their order', async () => {
  await using edge = await startLane();
  for (let index = 0; index < 1_200; index += 1) edge.lane.add(record(index));
  await edge.lane.flush(AbortSignal.timeout(60_000));
  const batches = await edge.stored();
  expect(batches.length).toBeLessThan(12);
  for (const batch of batches) expect(JSON.stringify(batch).length).toBeLessThan(132_000);
  expect(batches.flat().map((each) => (each as { index: number }).index)).toEqual(
    Array.from({ length: 1_200 }, (_, index) => index),
  );
  expect(edge.lane.queued).toBe(0);
});

test('what the queue has no room for is dropped and counted', async () => {
  await using edge = await startLane();
  const tenth = (8 * 1_048_576) / 10;
  for (let index = 0; index < 15; index += 1) edge.lane.add(record(index, tenth));
  expect(edge.lane.queued).toBe(9);
  expect(edge.metrics.drops.of('attempt-queue-full')).toBe(6);
});

test('what the stream will not have is dropped and counted, and holds nothing up', async () => {
  await using edge = await startLane();
  await edge.refuseEverything();
  for (let index = 0; index < 300; index += 1) edge.lane.add(record(index));
  await edge.lane.flush(AbortSignal.timeout(60_000));
  expect(edge.metrics.drops.of('attempt-refused')).toBe(300);
  expect(edge.lane.queued).toBe(0);
});
