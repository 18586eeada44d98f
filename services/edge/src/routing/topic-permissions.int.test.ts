import {
  DEFAULT_GATEWAY_LIMITS,
  deliverMessage,
  type GatewayListener,
  type TopicPermission,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { eventually, quickest } from '@gatehouse/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDevice, EdgeHouse, untilRead, type Address } from '../testing/edge-under-test.ts';
import { connectPacket, publishPacket, RawClient } from '../testing/raw-client.ts';

let house: EdgeHouse;
let gateway: GatewayListener;
let address: Address;

const own: TopicPermission = { topic: 'up/${deviceName}/#', action: 'publish', effect: 'allow' };
const down: TopicPermission = { topic: 'down/${clientId}/#', action: 'subscribe', effect: 'allow' };

beforeAll(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1', { permissions: [own, down] });
  address = house.address(gateway);
  house.bus.put(gateway);
  await house.startEdge();
  await eventually(() => house.stored.expectListening(gateway));
});

afterAll(() => house[Symbol.asyncDispose]());

const hex = (packet: Buffer | undefined): string | undefined => packet?.toString('hex');
const topicsOf = async (deviceName: string): Promise<string[]> =>
  (await house.stored.messages()).filter((each) => each.deviceName === deviceName).map(({ topic }) => topic);

/** Changes the gateway and waits until the edge has it. */
async function change(changes: Partial<GatewayListener>): Promise<void> {
  gateway = { ...gateway, ...changes, version: gateway.version + 1 };
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
}

describe('publishing', () => {
  test('a device publishes where it may; in 5.0 a denied QoS 1 message is answered with 0x87, in order', async () => {
    const device = await RawClient.connected(address, connectPacket(5, 'pump-1'));
    device.send(
      Buffer.concat([
        publishPacket(5, 'up/pump-1/a', { qos: 1, packetId: 1 }),
        publishPacket(5, 'up/pump-2/a', { qos: 1, packetId: 2 }),
        publishPacket(5, 'up/pump-1/b', { qos: 1, packetId: 3 }),
        publishPacket(5, 'up/pump-2/b', { qos: 0 }),
        publishPacket(5, 'elsewhere', { qos: 1, packetId: 4 }),
      ]),
    );
    const answers: (string | undefined)[] = [];
    for (let index = 0; index < 4; index += 1) answers.push(hex(await device.packet()));
    expect(answers).toEqual(['40020001', '4003000287', '40020003', '4003000487']);
    expect(await topicsOf('pump-1')).toEqual(['up/pump-1/a', 'up/pump-1/b']);
    device.destroy();
  });

  test('in 3.1.1 a denied message is acknowledged and dropped', async () => {
    const device = await RawClient.connected(address, connectPacket(4, 'pump-2'));
    device.send(publishPacket(4, 'up/pump-1/a', { qos: 1, packetId: 7 }));
    expect(hex(await device.packet())).toBe('40020007');
    device.send(publishPacket(4, 'up/pump-2/a', { qos: 1, packetId: 8 }));
    expect(hex(await device.packet())).toBe('40020008');
    expect(await topicsOf('pump-2')).toEqual(['up/pump-2/a']);
    device.destroy();
  });

  test('a flood of denied messages behind one that is not stored is bounded, and all are answered', async () => {
    const device = await RawClient.connected(address, connectPacket(5, 'pump-3'));
    const packets = Array.from({ length: 500 }, (_, index) =>
      publishPacket(5, index % 50 === 0 ? 'up/pump-3/a' : 'no', { qos: 1, packetId: index + 1 }),
    );
    device.send(Buffer.concat(packets));
    for (let packetId = 1; packetId <= 500; packetId += 1) {
      const puback = (await device.packet()) ?? Buffer.alloc(4);
      expect(puback.readUInt16BE(2)).toBe(packetId);
      expect(puback.length).toBe((packetId - 1) % 50 === 0 ? 4 : 5);
    }
    device.destroy();
  });

  test.each([
    [4, 5],
    [5, 0x90],
  ] as const)(
    'a will to a topic that is not permitted is refused (version %i: code %i)',
    async (version, code) => {
      await expect(
        connectDevice(address, 'pump-4', {
          protocolVersion: version,
          will: { topic: 'up/pump-5/gone', payload: Buffer.from('x'), qos: 0, retain: false },
        }),
      ).rejects.toMatchObject({ code });
      const fine = await connectDevice(address, 'pump-4', {
        protocolVersion: version,
        will: { topic: 'up/pump-4/gone', payload: Buffer.from('x'), qos: 0, retain: false },
      });
      await fine.endAsync();
    },
  );
});

describe('subscribing', () => {
  test.each([
    [5, '900700010000008787'],
    [4, '9006000100008080'],
  ] as const)('what is not permitted as a whole is refused (version %i)', async (version, suback) => {
    const device = await RawClient.connected(address, connectPacket(version, 'pump-9', { clientId: 'c1' }));
    const filters = ['down/c1/a', 'down/c1/#', 'down/#', 'up/pump-9/a'];
    const body = Buffer.concat([
      Buffer.from(version === 5 ? '000100' : '0001', 'hex'),
      ...filters.map((filter) =>
        Buffer.concat([Buffer.of(0, filter.length), Buffer.from(filter), Buffer.of(0)]),
      ),
    ]);
    device.send(Buffer.concat([Buffer.of(0x82, body.length), body]));
    expect(hex(await device.packet())).toBe(suback);
    device.destroy();
  });

  test("rules of the authenticator's answer come before the gateway's", async () => {
    const usual = house.bus.verdict;
    house.bus.verdict = async (request) => ({
      ...(await usual(request)),
      permissions: [
        { topic: 'up/${deviceName}/secret', action: 'both', effect: 'deny' },
        { topic: 'shared/news', action: 'subscribe', effect: 'allow' },
      ],
    });
    try {
      const device = await connectDevice(address, 'pump-6', { protocolVersion: 5 });
      await device.subscribeAsync('shared/news');
      await expect(device.publishAsync('up/pump-6/secret', 'x', { qos: 1 })).rejects.toMatchObject({
        code: 0x87,
      });
      await device.publishAsync('up/pump-6/open', 'x', { qos: 1 });
      await device.endAsync();
    } finally {
      house.bus.verdict = usual;
    }
  });
});

describe('changing', () => {
  test('a subscription that is no longer permitted ends within a second, the session goes on', async () => {
    const device = await connectDevice(address, 'pump-7', { protocolVersion: 5 });
    await device.subscribeAsync(['down/pump-7/a', 'down/pump-7/b']);
    await device.publishAsync('up/pump-7/a', 'before', { qos: 1 });
    const [edgeId = ''] = [...(await house.stored.edges()).keys()];
    const deliver = async (topic: string): Promise<string> => {
      const message = { messageId: 'm', topic, payload: '', qos: 0, retain: false } as const;
      const request = { productKey: 'a1', deviceName: 'pump-7', message };
      return (await callService(house.nats, deliverMessage(edgeId), request)).outcome;
    };
    expect([await deliver('down/pump-7/a'), await deliver('down/pump-7/b')]).toEqual([
      'delivered',
      'delivered',
    ]);

    const endedAfterMs = await quickest(1_000, async () => {
      await change({ permissions: [own, down] });
      await device.subscribeAsync('down/pump-7/b');
      const changedAt = performance.now();
      await change({
        permissions: [
          { topic: 'down/+/b', action: 'subscribe', effect: 'deny' },
          { ...own, effect: 'deny' },
          down,
        ],
      });
      await eventually(async () => expect(await deliver('down/pump-7/b')).toBe('not-subscribed'));
      return performance.now() - changedAt;
    });
    expect(endedAfterMs).toBeLessThan(1_000);
    expect(await deliver('down/pump-7/a')).toBe('delivered');
    await expect(device.publishAsync('up/pump-7/a', 'after', { qos: 1 })).rejects.toMatchObject({
      code: 0x87,
    });
    await untilRead(device);
    expect(device.connected).toBe(true);

    await change({ permissions: [own, down] });
    await device.publishAsync('up/pump-7/a', 'again', { qos: 1 });
    await device.endAsync();
  });

  test('fewer subscriptions hold for what is subscribed to from then on', async () => {
    const device = await connectDevice(address, 'pump-8', { protocolVersion: 5 });
    await device.subscribeAsync(['down/pump-8/a', 'down/pump-8/b']);
    await change({ limits: { ...gateway.limits, maxSubscriptions: 1 } });
    await expect(device.subscribeAsync('down/pump-8/c')).rejects.toThrow(/Quota exceeded/);
    await device.endAsync();
    await change({ limits: DEFAULT_GATEWAY_LIMITS });
  });
});
