import { queryObjects } from 'node:v8';
import {
  type admitDevice,
  deliverMessage,
  kickSession,
  sessionEntry,
  sessionKey,
  SESSIONS_BUCKET,
  type GatewayListener,
  type ReplyOf,
} from '@gatehouse/contracts';
import { callService, openBucket } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Attempt } from '../attempts/attempt.ts';
import { connectDevice, disconnected, EdgeHouse, untilRead } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

type AdmitReply = ReplyOf<typeof admitDevice>;

let house: EdgeHouse;
let gateway: GatewayListener;

beforeEach(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
});

afterEach(() => house[Symbol.asyncDispose]());

const edgeOf = async (deviceName: string): Promise<string> =>
  eventually(async () => {
    const report = (await house.stored.presence()).findLast(
      (each) => each.deviceName === deviceName && each.type === 'connected',
    );
    if (report === undefined) throw new Error(`${deviceName} has not connected`);
    return report.edgeId;
  });

const presenceOf = async (deviceName: string) =>
  (await house.stored.presence())
    .filter((report) => report.deviceName === deviceName)
    .map(({ type, reason, session, edgeId }) => ({ type, reason, session, edgeId }));

const endings = async () =>
  (await house.stored.presence())
    .filter(({ type }) => type === 'disconnected')
    .map(({ deviceName, reason }) => `${deviceName} ${reason}`)
    .toSorted();

const startWith = async (
  deviceName: string,
  settings: Record<string, string> = {},
): Promise<{ device: MqttClient; edgeId: string }> => {
  await house.startEdge(settings);
  await eventually(() => house.stored.expectListening(gateway));
  const device = await connectDevice(house.address(gateway), deviceName, { protocolVersion: 5 });
  return { device, edgeId: await edgeOf(deviceName) };
};

test('once it is decided who comes in nothing of the attempt is kept, which knows the password', async () => {
  const { device } = await startWith('pump-1');
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'wrong-password', steps: [] });
  await expect(connectDevice(house.address(gateway), 'pump-2')).rejects.toThrow('Connection refused');
  await eventually(() => expect(queryObjects(Attempt, { format: 'count' })).toBe(0));
  expect(device.connected).toBe(true);
  await device.endAsync();
});

test('under which credentials a device came in stands in the directory and in its report', async () => {
  const admit = house.bus.verdict;
  house.bus.verdict = async (request) => ({ ...(await admit(request)), credentialVersion: 4 }) as AdmitReply;
  const { device } = await startWith('pump-3');
  expect((await house.stored.presence()).at(-1)).toMatchObject({ type: 'connected', credentialVersion: 4 });
  const sessions = await openBucket(house.nats, SESSIONS_BUCKET);
  const entry = await sessions.get(sessionKey('a1', 'pump-3'));
  expect(sessionEntry.parse(entry?.json())).toMatchObject({ credentialVersion: 4 });
  await device.endAsync();
});

describe('takeover', () => {
  test.each([
    ['the same edge', '127.0.0.1'],
    ['another edge', '127.0.0.2'],
  ])('a device that connects again on %s takes its session over', async (_where, secondHost) => {
    await house.startEdge({ EDGE_HOST: '127.0.0.1' });
    await house.startEdge({ EDGE_HOST: '127.0.0.2' });
    await eventually(() => house.stored.expectListening(gateway, 2));
    const first = await connectDevice(house.address(gateway), 'pump@7.a', { protocolVersion: 5 });
    const kicked = disconnected(first);
    const second = await connectDevice(house.address(gateway, secondHost), 'pump@7.a', {
      protocolVersion: 5,
    });

    expect(await kicked).toMatchObject({ reasonCode: 0x8e });
    await second.publishAsync('up', 'mine', { qos: 1 });
    const reports = await eventually(async () => {
      const all = await presenceOf('pump@7.a');
      expect(all).toHaveLength(3);
      return all;
    });
    const connects = reports.filter(({ type }) => type === 'connected');
    expect(connects[1]?.session).toBeGreaterThan(connects[0]?.session ?? 0);
    expect(reports.find(({ type }) => type === 'disconnected')).toMatchObject({
      reason: 'EDGE_SESSION_TAKEN_OVER',
      session: connects[0]?.session,
    });
    await second.endAsync();
  });

  test('many CONNECTs of one device at once leave exactly one connection', async () => {
    await house.startEdge({ EDGE_HOST: '127.0.0.1' });
    await house.startEdge({ EDGE_HOST: '127.0.0.2' });
    await eventually(() => house.stored.expectListening(gateway, 2));
    const clients = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const client = await RawClient.open(house.address(gateway, `127.0.0.${1 + (index % 2)}`));
        client.send(connectPacket(4, 'pump-race'));
        return client;
      }),
    );
    const open = new Set(clients);
    for (const client of clients) void client.closed().then(() => open.delete(client));
    await eventually(() => expect(open.size).toBe(1));
    const [winner] = [...open];
    winner?.send('c000');
    // Each edge reports in batches: what is there at first is not all.
    await eventually(async () => {
      const reports = await presenceOf('pump-race');
      const ended = new Set(
        reports.filter(({ type }) => type === 'disconnected').map(({ session }) => session),
      );
      const left = reports.filter(({ type, session }) => type === 'connected' && !ended.has(session));
      expect(left.map(({ session }) => session)).toEqual([
        Math.max(...reports.map(({ session }) => session)),
      ]);
    });
    winner?.destroy();
  });
});

describe('ending a session', () => {
  test('a kick ends the session that it means and spares a newer one', async () => {
    await house.startEdge();
    await eventually(() => house.stored.expectListening(gateway));
    const device = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
    const edgeId = await edgeOf('pump-1');
    const [{ session } = { session: 0 }] = await presenceOf('pump-1');
    const ask = (upToSession: number) =>
      callService(house.nats, kickSession(edgeId), {
        productKey: 'a1',
        deviceName: 'pump-1',
        upToSession,
        reason: 'device-disabled',
      });

    expect(await ask(session - 1)).toEqual({ ended: false });
    const kicked = disconnected(device);
    expect(await ask(session)).toEqual({ ended: true });
    expect(await kicked).toEqual({ reasonCode: 0x98, reasonString: 'the device was disabled' });
    expect(await ask(session)).toEqual({ ended: false });
  });

  test('an edge that stops says so, reports its disconnects and takes its entries away', async () => {
    const log = new LinesLogged();
    const edge = await house.startEdge({ EDGE_STOP_TIMEOUT_MS: '60000' }, log.logger);
    await eventually(() => house.stored.expectListening(gateway));
    const device = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
    await device.publishAsync('up', 'last words', { qos: 0 });
    await untilRead(device);
    const told = disconnected(device);
    await edge.stop();

    expect(await told).toMatchObject({ reasonCode: 0x8b });
    // It had not to be cut short.
    expect(log.of('the edge was stopped before')).toEqual([]);
    expect(await presenceOf('pump-1')).toMatchObject([
      { type: 'connected' },
      { type: 'disconnected', reason: 'EDGE_STOPPING' },
    ]);
    expect(await house.stored.messages()).toHaveLength(1);
    expect((await house.stored.edges()).size).toBe(0);
    expect(await house.stored.sessions()).toEqual([]);
  });

  test('a connection that breaks is reported', async () => {
    await house.startEdge();
    await eventually(() => house.stored.expectListening(gateway));
    const device = await RawClient.connected(house.address(gateway), connectPacket(4, 'pump-1'));
    device.destroy();
    await eventually(async () =>
      expect(await presenceOf('pump-1')).toMatchObject([
        { type: 'connected' },
        { type: 'disconnected', reason: 'connection-closed' },
      ]),
    );
  });
});

describe('many that leave in one moment', () => {
  const names = Array.from({ length: 60 }, (_, index) => `pump-${index}`);
  const connectEach = (these = names) =>
    Promise.all(these.map((name) => RawClient.connected(house.address(gateway), connectPacket(5, name))));
  const startWithAll = async () => {
    const edge = await house.startEdge();
    await eventually(() => house.stored.expectListening(gateway));
    return { edge, devices: await connectEach() };
  };

  test.each([
    ['with DISCONNECT', 'client-disconnected', (device: RawClient) => device.send('e000')],
    ['without', 'connection-closed', (device: RawClient) => device.destroy()],
  ])('%s: each is reported as it left', async (_, reason, leave) => {
    const { devices } = await startWithAll();
    for (const device of devices) leave(device);
    await Promise.all(devices.map((device) => device.closed()));
    const expected = names.map((name) => `${name} ${reason}`).toSorted();
    await eventually(async () => expect(await endings()).toEqual(expected));
    await eventually(async () => expect(await house.stored.sessions()).toEqual([]));
  });

  test('who comes back while others still leave has left, and was not taken over', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `meter-${index}`);
    const last = many.slice(-3);
    await house.startEdge();
    await eventually(() => house.stored.expectListening(gateway));
    const devices: RawClient[] = [];
    for (let at = 0; at < many.length; at += 50)
      devices.push(...(await connectEach(many.slice(at, at + 50))));
    const again = await Promise.all(last.map(() => RawClient.open(house.address(gateway))));
    for (const device of devices) device.send('e000');
    for (const [index, name] of last.entries()) again[index]?.send(connectPacket(5, name));
    await Promise.all(again.map((device) => device.packet()));
    const expected = many.map((name) => `${name} client-disconnected`).toSorted();
    await eventually(async () => expect(await endings()).toEqual(expected));
    await eventually(async () => expect(await house.stored.sessions()).toHaveLength(last.length));
  });

  test('a deleted gateway tells all of its devices, and reports them', async () => {
    const { devices } = await startWithAll();
    house.bus.delete(gateway.gatewayId);
    const told = await Promise.all(devices.map((device) => device.packet()));
    expect(new Set(told.map((packet) => packet?.subarray(0, 1).toString('hex')))).toEqual(new Set(['e0']));
    expect(new Set(told.map((packet) => packet?.readUInt8(2)))).toEqual(new Set([0x98]));
    const expected = names.map((name) => `${name} EDGE_SESSION_ENDED`).toSorted();
    await eventually(async () => expect(await endings()).toEqual(expected));
  });

  test('an edge that stops meanwhile reports all of them', async () => {
    const { edge, devices } = await startWithAll();
    for (const device of devices) device.destroy();
    await edge.stop();
    expect(await endings()).toHaveLength(60);
    expect(await house.stored.sessions()).toEqual([]);
  });
});

describe('downlink', () => {
  const hello = { messageId: 'm1', topic: 'down/a', payload: 'aGVsbG8=', qos: 1, retain: false } as const;

  const deliver = (edgeId: string, deviceName: string, changes: object = {}) =>
    callService(house.nats, deliverMessage(edgeId), {
      productKey: 'a1',
      deviceName,
      message: { ...hello, ...changes },
    });

  test('a subscribed device gets the message with its properties', async () => {
    const { device, edgeId } = await startWith('pump-1');
    await device.subscribeAsync('down/#', { qos: 1, properties: { subscriptionIdentifier: 7 } });
    const received = new Promise<[string, Buffer, IPublishPacket]>((resolve) => {
      device.once('message', (...message) => resolve(message));
    });
    const reply = await deliver(edgeId, 'pump-1', {
      contentType: 'text/plain',
      responseTopic: 'up/answer',
      correlationData: 'NDI=',
      expirySeconds: 60,
      userProperties: [['a', '1']],
    });

    expect(reply).toEqual({ outcome: 'delivered' });
    const [topic, payload, packet] = await received;
    expect([topic, String(payload), packet.qos]).toEqual(['down/a', 'hello', 1]);
    expect(packet.properties).toMatchObject({
      contentType: 'text/plain',
      responseTopic: 'up/answer',
      correlationData: Buffer.from('42'),
      messageExpiryInterval: 60,
      userProperties: { a: '1' },
      subscriptionIdentifier: 7,
    });
    await device.endAsync();
  });

  test('a device without a matching subscription, and one that is away, do not get it', async () => {
    const { device, edgeId } = await startWith('pump-1');
    await device.subscribeAsync('down/b');
    expect(await deliver(edgeId, 'pump-1')).toEqual({ outcome: 'not-subscribed' });
    expect(await deliver(edgeId, 'pump-2')).toEqual({ outcome: 'offline' });
    await device.endAsync();
    await eventually(async () => expect(await deliver(edgeId, 'pump-1')).toEqual({ outcome: 'offline' }));
  });

  test('a QoS 1 message that is not acknowledged in time is reported so', async () => {
    const { device, edgeId } = await startWith('pump-0', { EDGE_DOWNLINK_TIMEOUT_MS: '500' });
    const silent = await RawClient.connected(house.address(gateway), connectPacket(4, 'pump-1'));
    silent.send('82 0b 0001 0006 646f776e2f23 01');
    await silent.packet();
    expect(await deliver(edgeId, 'pump-1')).toEqual({ outcome: 'unacknowledged' });
    expect(await deliver(edgeId, 'pump-1', { qos: 0 })).toEqual({ outcome: 'delivered' });
    silent.destroy();
    await device.endAsync();
  });

  test("messages beyond the client's Receive Maximum wait for its acknowledgements", async () => {
    const { device, edgeId } = await startWith('pump-0');
    // Receive Maximum 1.
    const narrow = await RawClient.connected(
      house.address(gateway),
      connectPacket(5, 'pump-1', { properties: '21 0001' }),
    );
    narrow.send('82 0c 0001 00 0006 646f776e2f23 01');
    await narrow.packet();
    const replies = [deliver(edgeId, 'pump-1'), deliver(edgeId, 'pump-1')];
    for (let index = 0; index < 2; index += 1) {
      const publish = (await narrow.packet()) ?? Buffer.alloc(12);
      expect(narrow.bytesWaiting).toBe(0);
      narrow.send(Buffer.concat([Buffer.from('4002', 'hex'), publish.subarray(10, 12)]));
    }
    expect(await Promise.all(replies)).toEqual([{ outcome: 'delivered' }, { outcome: 'delivered' }]);
    narrow.destroy();
    await device.endAsync();
  });
});
