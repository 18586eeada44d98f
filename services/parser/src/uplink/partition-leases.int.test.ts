import { PARTITIONS_BUCKET, UPLINK_PARTITIONS } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { PartitionLeases } from './partition-leases.ts';

const all = Array.from({ length: UPLINK_PARTITIONS }, (_, partition) => partition);

async function startInstances() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await openBucket(nats, PARTITIONS_BUCKET);
  const running: PartitionLeases[] = [];
  return {
    nats,
    /** An instance with leases; what it was told stands in `told`. */
    async start(name: string) {
      const connection = await connectNats(server.url, name);
      const told: string[] = [];
      const holder = {
        acquired: (partition: number) => void told.push(`acquired ${partition}`),
        lost: (partition: number) => void told.push(`lost ${partition}`),
        release: (partition: number) => Promise.resolve(void told.push(`released ${partition}`)),
      };
      const leases = new PartitionLeases(connection, name, holder, createLogger('parser', 'silent'));
      running.push(leases);
      await leases.onApplicationBootstrap();
      return { leases, told, connection };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((leases) => leases.onModuleDestroy()));
      await server[Symbol.asyncDispose]();
    },
  };
}

const owned = (...instances: { leases: PartitionLeases }[]) =>
  instances.map(({ leases }) => leases.owned.toSorted((a, b) => a - b));

test.each([
  ['one', 'two'],
  ['3d853b9a', '34206f13'],
])('one instance, %s, takes all partitions, and a second one, %s, gets its half', async (former, latter) => {
  await using instances = await startInstances();
  const first = await instances.start(former);
  await eventually(() => expect(owned(first)).toEqual([all]));

  const second = await instances.start(latter);

  await eventually(() => {
    const [ofFirst = [], ofSecond = []] = owned(first, second);
    expect([ofFirst.length, ofSecond.length]).toEqual([2, 2]);
    expect([...ofFirst, ...ofSecond].toSorted((a, b) => a - b)).toEqual(all);
  });
});

test('an instance that signs off leaves its partitions to the others at once', async () => {
  await using instances = await startInstances();
  const first = await instances.start('one');
  await eventually(() => expect(owned(first)).toEqual([all]));
  const second = await instances.start('two');
  await first.leases.onModuleDestroy();
  expect(first.leases.owned).toEqual([]);
  // None of them has to end by itself first.
  const bucket = await openBucket(instances.nats, PARTITIONS_BUCKET);
  const entries = await Promise.all(all.map((partition) => bucket.get(`partition-${partition}`)));
  expect(entries.map((entry) => entry?.string())).not.toContain('one');
  await eventually(() => expect(owned(second)).toEqual([all]));
});

test('an instance that cannot renew stops before another one can take over', async () => {
  await using instances = await startInstances();
  const first = await instances.start('one');
  await eventually(() => expect(owned(first)).toEqual([all]));

  await first.connection.close();
  await eventually(() => expect(first.told.filter((each) => each.startsWith('lost'))).toHaveLength(4));
  const second = await instances.start('two');

  await eventually(() => expect(owned(second)).toEqual([all]));
});

test('an instance whose entry names another one has lost the partition', async () => {
  await using instances = await startInstances();
  const first = await instances.start('one');
  await eventually(() => expect(owned(first)).toEqual([all]));
  const bucket = await openBucket(instances.nats, PARTITIONS_BUCKET);
  await bucket.put('partition-2', 'somebody else');
  await eventually(() => expect(first.told).toContain('lost 2'));
});

test('a lease is not renewed any more once its holder has finished, so it can be given back', async () => {
  await using instances = await startInstances();
  const { connection, leases } = await instances.start('one');
  await eventually(() => expect(owned({ leases })).toEqual([all]));
  const bucket = await openBucket(instances.nats, PARTITIONS_BUCKET);
  const request = connection.request.bind(connection);
  const slow = Promise.withResolvers<void>();
  let isFinished = false;
  // Rounds of renewal take longer than their interval, and those after the end get no answer in time.
  connection.request = async (subject, payload, options) => {
    if (subject.endsWith('.instance-one')) {
      await slow.promise;
      isFinished = true;
    }
    const answer = await request(subject, payload, options);
    if (isFinished && /partition-\d$/.test(subject) && Buffer.from(payload as Uint8Array).length > 0) {
      throw new Error('no answer');
    }
    return answer;
  };
  setTimeout(() => slow.resolve(), 2_200);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await leases.onModuleDestroy();
  for (const partition of all) {
    expect((await bucket.get(`partition-${partition}`))?.operation).not.toBe('PUT');
  }
});
