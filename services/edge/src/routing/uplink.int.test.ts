import { setTimeout } from 'node:timers/promises';
import type { GatewayListener, UplinkMessage } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectDevice, EdgeHouse, untilRead, type Address } from '../testing/edge-under-test.ts';
import { connectPacket, publishPacket, RawClient } from '../testing/raw-client.ts';

let house: EdgeHouse;
let gateway: GatewayListener;
let address: Address;

beforeEach(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1');
  address = house.address(gateway);
  house.bus.put(gateway);
});

afterEach(() => house[Symbol.asyncDispose]());

const startEdge = async (settings: Record<string, string> = {}): Promise<void> => {
  await house.startEdge(settings);
  await eventually(() => house.stored.expectListening(gateway));
};

const traceOf = (message?: UplinkMessage): string => Buffer.from(message?.trace ?? []).toString('hex', 0, 16);

const textOf = ({ payload }: UplinkMessage): string => Buffer.from(payload).toString();

/** All of QoS 1, in order, and of QoS 0, which says `lost`, not all. */
async function expectStored(acknowledged: number, careless: number): Promise<void> {
  const texts = (await eventually(() => house.stored.messages())).map(textOf);
  expect(texts.filter((text) => text !== 'lost')).toEqual(
    Array.from({ length: acknowledged }, (_, index) => String(index)),
  );
  expect(texts.filter((text) => text === 'lost').length).toBeLessThan(careless);
}

test('what devices publish is stored once, whole, and in the order of each device', async () => {
  await startEdge();
  const devices = await Promise.all(
    ['pump-1', 'pump-2', 'pump-3'].map((name) => connectDevice(address, name)),
  );
  const count = 1_000;
  await Promise.all(
    devices.map(async (device) => {
      const published: Promise<unknown>[] = [];
      for (let index = 0; index < count; index += 1) {
        published.push(device.publishAsync('up/data', String(index), { qos: index % 3 === 0 ? 0 : 1 }));
      }
      await Promise.all(published);
    }),
  );

  const messages = await eventually(async () => {
    const all = await house.stored.messages();
    expect(all).toHaveLength(3 * count);
    return all;
  });
  for (const name of ['pump-1', 'pump-2', 'pump-3']) {
    const own = messages.filter(({ deviceName }) => deviceName === name);
    expect(own.map(textOf)).toEqual(Array.from({ length: count }, (_, index) => String(index)));
    expect(own.every(({ topic, productKey }) => topic === 'up/data' && productKey === 'a1')).toBe(true);
  }
  await Promise.all(devices.map((device) => device.endAsync()));
});

test('a message carries its properties, and the first one the trace of its CONNECT', async () => {
  await startEdge();
  const device = await connectDevice(address, 'pump-5', { protocolVersion: 5 });
  const properties = {
    contentType: 'text/plain',
    responseTopic: 'down/answer',
    correlationData: Buffer.from('42'),
    userProperties: { a: ['1', '2'] },
    messageExpiryInterval: 60,
  };
  await device.publishAsync('up', 'first', { qos: 1, properties, retain: true });
  await device.publishAsync('up', 'second', { qos: 1 });
  await device.endAsync();

  const [first, second] = await house.stored.messages();
  expect(first).toMatchObject({
    topic: 'up',
    qos: 1,
    retain: true,
    properties: {
      contentType: 'text/plain',
      responseTopic: 'down/answer',
      correlationData: 'NDI=',
      userProperties: [
        ['a', '1'],
        ['a', '2'],
      ],
      messageExpiryInterval: 60,
    },
  });
  expect(second?.properties).toBeUndefined();
  const [connected] = await eventually(async () => {
    const reports = await house.stored.presence();
    expect(reports).not.toHaveLength(0);
    return reports;
  });
  expect(connected?.traceparent?.split('-')[1]).toBe(traceOf(first));
  expect(traceOf(second)).not.toBe(traceOf(first));
});

test('a topic alias stands for its topic name', async () => {
  await startEdge();
  const device = await RawClient.connected(address, connectPacket(5, 'pump-alias'));
  device.send(publishPacket(5, 'up/long/name', { properties: '23 0001' }));
  device.send(publishPacket(5, '', { qos: 1, packetId: 9, properties: '23 0001' }));
  expect((await device.packet())?.toString('hex')).toBe('40020009');

  const messages = await house.stored.messages();
  expect(messages.map(({ topic }) => topic)).toEqual(['up/long/name', 'up/long/name']);
  device.destroy();
});

test('nothing is acknowledged while NATS is away; when it is back everything is, once and in order', async () => {
  await startEdge();
  const device = await connectDevice(address, 'pump-1');
  await device.publishAsync('up', '0', { qos: 1 });
  await house.stopNats();

  const acknowledged: number[] = [];
  const published = Array.from({ length: 50 }, async (_, index) => {
    await device.publishAsync('up', String(index + 1), { qos: 1 });
    acknowledged.push(index + 1);
  });
  await setTimeout(1_000);
  expect(acknowledged).toEqual([]);
  expect(device.connected).toBe(true);

  await house.startNats();
  await Promise.all(published);
  expect(acknowledged).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  const messages = await eventually(() => house.stored.messages());
  expect(messages.map(textOf)).toEqual(Array.from({ length: 51 }, (_, index) => String(index)));
  await device.endAsync();
});

test('a full uplink stops the reading of QoS 1 and drops QoS 0 while NATS is away, then goes on', async () => {
  await startEdge({ EDGE_UPLINK_QUEUE_MESSAGES: '10' });
  const [patient, careless] = await Promise.all([
    connectDevice(address, 'pump-1'),
    connectDevice(address, 'pump-2'),
  ]);
  await house.stopNats();
  const published = Array.from({ length: 60 }, (_, index) =>
    patient.publishAsync('up', String(index), { qos: 1 }),
  );
  await eventually(() => expect(patient.getLastMessageId()).toBeGreaterThan(50));
  for (let index = 0; index < 20; index += 1) await careless.publishAsync('up', 'lost', { qos: 0 });
  // This connection is not held up.
  await untilRead(careless);

  await house.startNats();
  await Promise.all(published);
  await expectStored(60, 20);
  await Promise.all([patient.endAsync(), careless.endAsync()]);
});

test('QoS 0 that waits for room when NATS goes away is dropped, and its connection is read on', async () => {
  await startEdge({ EDGE_UPLINK_QUEUE_MESSAGES: '10' });
  const [patient, careless] = await Promise.all([
    connectDevice(address, 'pump-1'),
    connectDevice(address, 'pump-2'),
  ]);
  process.kill(house.server.pid, 'SIGSTOP');
  const published = Array.from({ length: 60 }, (_, index) =>
    patient.publishAsync('up', String(index), { qos: 1 }),
  );
  for (let index = 0; index < 20; index += 1) await careless.publishAsync('up', 'lost', { qos: 0 });
  const read = untilRead(careless);
  // While NATS is only silent they wait, for all the edge knows.
  expect(await Promise.race([read.then(() => 'read'), setTimeout(500, 'waiting')])).toBe('waiting');
  house.server.kill();
  await Promise.all([house.server.ended(), read]);

  await house.startNats();
  await Promise.all(published);
  await expectStored(60, 20);
  await Promise.all([patient.endAsync(), careless.endAsync()]);
});

test('a client that sends more than the Receive Maximum is made to wait, not sent away', async () => {
  await startEdge();
  const newer = await RawClient.connected(address, connectPacket(5, 'pump-5'));
  const older = await RawClient.connected(address, connectPacket(4, 'pump-4'));
  process.kill(house.server.pid, 'SIGSTOP');
  try {
    for (let packetId = 1; packetId <= 301; packetId += 1) {
      newer.send(publishPacket(5, 'up', { qos: 1, packetId }));
      older.send(publishPacket(4, 'up', { qos: 1, packetId }));
    }
  } finally {
    process.kill(house.server.pid, 'SIGCONT');
  }
  for (let packetId = 1; packetId <= 301; packetId += 1) {
    expect((await older.packet())?.readUInt16BE(2)).toBe(packetId);
    expect((await newer.packet())?.readUInt16BE(2)).toBe(packetId);
  }
  older.destroy();
  newer.destroy();
});
