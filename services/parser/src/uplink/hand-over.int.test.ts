import { PARTITIONS_BUCKET, UPLINK_STREAM, uplinkPartition } from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings, text } from '../testing/parser-under-test.ts';

test('a parser that is killed in the middle loses nothing, doubles nothing and keeps the order of each device', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('return { n: rawData[0] * 256 + rawData[1] }'));
  const devices = Array.from({ length: 8 }, (_, n) => `pump-${n}`);
  const perDevice = 600;
  const firstParser = await around.startParser();

  const publishing = (async () => {
    for (let n = 0; n < perDevice; n += 4) {
      await Promise.all(
        devices.map((deviceName) =>
          around.publish(
            [n, n + 1, n + 2, n + 3].map((each) => ({
              deviceName,
              payload: Uint8Array.of(each >> 8, each & 0xff),
            })),
          ),
        ),
      );
    }
  })();
  await around.messages(devices.length * 40);
  await firstParser.kill('SIGKILL');
  await publishing;
  await around.startParser();

  const messages = await around.messages(devices.length * perDevice, 40_000);
  const numbers = new Map<string, number[]>();
  for (const message of messages) {
    const { n } = message.json<{ n: number }>();
    numbers.set(message.subject, [...(numbers.get(message.subject) ?? []), n]);
  }
  const expected = Array.from({ length: perDevice }, (_, n) => n);
  for (const name of devices) expect(numbers.get(`messages.v1.${PRODUCT}.${name}.up.data`)).toEqual(expected);
  await around.uplinkIsEmpty();
  expect(await around.messages(0)).toHaveLength(devices.length * perDevice);
});

test('a parser that stops in order hands its partitions over at once', async () => {
  await using around = await startSurroundings();
  const first = await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  await around.messages(1);
  const leases = await openBucket(around.nats, PARTITIONS_BUCKET);
  const key = `partition-${uplinkPartition('pump')}`;
  const owner = (await leases.get(key))?.string();
  expect(owner).toMatch(/./);
  await around.startParser();
  await first.kill('SIGTERM');
  // Nobody waits until its leases end by themselves.
  expect((await leases.get(key))?.string()).not.toBe(owner);
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('2') }]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '2']);
});

test('when NATS is interrupted the work goes on where it was', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  await around.messages(1);
  const manager = await jetstreamManager(around.nats);
  await manager.consumers.delete(UPLINK_STREAM.name, `parser-${uplinkPartition('pump')}`);
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('2') }]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '2']);
});
