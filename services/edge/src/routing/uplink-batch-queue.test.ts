import { decodeUplinkBatch } from '@gatehouse/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UplinkBatchQueue, type Acknowledger, type SealedBatch } from './uplink-batch-queue.ts';

const nobody: Acknowledger = { acknowledge: () => undefined };

const message = (text: string) => ({
  deviceName: 'pump-1',
  topic: 'up',
  qos: 0,
  retain: false,
  receivedAt: 0,
  trace: new Uint8Array(25),
  payload: Buffer.from(text),
});

function takeAll(queue: UplinkBatchQueue): SealedBatch[] {
  const batches: SealedBatch[] = [];
  for (let batch = queue.take(); batch !== undefined; batch = queue.take()) batches.push(batch);
  return batches;
}

test('whatever is added comes out once and in order, in batches within the limits', () => {
  const limits = { messages: 5, bytes: 600 };
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 400 })), fc.nat({ max: 7 }), (sizes, takeEvery) => {
      const queue = new UplinkBatchQueue('a1', 'edge-1', limits);
      const texts = sizes.map((size, index) => `${index}:${'x'.repeat(size)}`);
      const batches: SealedBatch[] = [];
      let queuedBytes = 0;
      for (const [index, text] of texts.entries()) {
        queuedBytes += queue.add(message(text), nobody, 0, undefined);
        const batch = index % (takeEvery + 1) === takeEvery ? queue.take() : undefined;
        if (batch !== undefined) batches.push(batch);
      }
      batches.push(...takeAll(queue));

      const decoded = batches.map(({ payload }) => decodeUplinkBatch(payload));
      expect(decoded.flatMap(({ messages }) => messages.map(({ payload }) => String(payload)))).toEqual(
        texts.map((text) => String(Buffer.from(text))),
      );
      expect(new Set(batches.map(({ id }) => id)).size).toBe(batches.length);
      expect(batches.every(({ count }) => count <= limits.messages)).toBe(true);
      expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(queuedBytes);
      expect(queue.isEmpty).toBe(true);
    }),
  );
});

test('QoS 1 messages are acknowledged with their batch, QoS 0 by nobody', () => {
  const queue = new UplinkBatchQueue('a1', 'edge-1', { messages: 2, bytes: 1_000 });
  queue.add(message('a'), nobody, 7, undefined);
  queue.add(message('b'), nobody, 0, undefined);
  queue.add(message('c'), nobody, 8, undefined);
  expect(queue.hasFullBatch).toBe(true);
  expect(takeAll(queue).map(({ packetIds }) => packetIds)).toEqual([[7], [8]]);
});

test('who waits for what was added is told with the last batch that holds some of it', () => {
  const queue = new UplinkBatchQueue('a1', 'edge-1', { messages: 2, bytes: 1_000 });
  const told: string[] = [];
  expect(queue.afterStored(() => told.push('nothing'))).toBe(false);
  queue.add(message('a'), nobody, 0, undefined);
  expect(queue.afterStored(() => told.push('a'))).toBe(true);
  queue.add(message('b'), nobody, 0, undefined);
  expect(queue.afterStored(() => told.push('b'))).toBe(true);
  const [batch, ...more] = takeAll(queue);
  for (const callback of batch?.afterStored ?? []) callback();
  expect([more.length, told]).toEqual([0, ['a', 'b']]);
});
