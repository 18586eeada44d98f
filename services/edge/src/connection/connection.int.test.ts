import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { AdmissionRefusal, GatewayListener } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDevice, EdgeHouse, type Address } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';
import { connectPacket, publishPacket, RawClient } from '../testing/raw-client.ts';

/** Where an edge listens that gives up soon on clients that do not send CONNECT. */
const IMPATIENT = '127.0.0.2';
const ADMISSION_TIMEOUT_MS = 8_000;

let house: EdgeHouse;
let gateway: GatewayListener;
let address: Address;

beforeAll(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1');
  address = house.address(gateway);
  house.bus.put(gateway);
  await house.startEdge({ EDGE_ADMISSION_TIMEOUT_MS: String(ADMISSION_TIMEOUT_MS) });
  await house.startEdge({ EDGE_HOST: IMPATIENT, EDGE_CONNECT_TIMEOUT_MS: '1500' });
  await eventually(() => house.stored.expectListening(gateway, 2));
});

afterAll(() => house[Symbol.asyncDispose]());

const hex = (packet: Buffer | undefined): string | undefined => packet?.toString('hex');

describe('the log', () => {
  test('names the refused by the identifier that auth was given, and says whence a broken one came', async () => {
    await using own = await EdgeHouse.open();
    const log = new LinesLogged();
    await own.startEdge({}, log.logger);
    const itsGateway = await own.newGateway('gw-log');
    own.bus.put(itsGateway);
    await eventually(() => own.stored.expectListening(itsGateway));

    own.bus.verdict = () => ({ outcome: 'refused', reason: 'wrong-password', steps: [] });
    const refused = await RawClient.open(own.address(itsGateway));
    refused.send(connectPacket(5, 'pump-log', { clientId: '' }));
    await refused.packet();
    const [admission] = own.bus.admissions;
    expect(admission?.clientId).toMatch(/^[0-9a-f-]{36}$/);
    expect(log.of('client refused')).toMatchObject([
      { clientId: admission?.clientId, remoteAddress: '127.0.0.1' },
    ]);

    const broken = await RawClient.open(own.address(itsGateway));
    broken.send(Buffer.from('f000', 'hex'));
    await eventually(() => {
      expect(log.of('connection closed')).toMatchObject([{ remoteAddress: '127.0.0.1' }]);
    });
  });
});

describe('connecting', () => {
  test('an MQTT 3.1.1 device connects, and its presence is reported with its session number', async () => {
    const device = await connectDevice(address, 'pump-311');
    expect(house.bus.admissions.find(({ clientId }) => clientId === 'pump-311')).toMatchObject({
      gatewayId: 'gw-1',
      clientId: 'pump-311',
      protocolVersion: 4,
      username: 'pump-311',
      password: Buffer.from('secret').toString('base64'),
      remoteAddress: '127.0.0.1',
    });
    await device.endAsync();

    const reports = await eventually(async () => {
      const own = (await house.stored.presence()).filter(({ deviceName }) => deviceName === 'pump-311');
      expect(own).toHaveLength(2);
      return own;
    });
    expect(reports).toMatchObject([
      { type: 'connected', productKey: 'a1', clientId: 'pump-311', protocolVersion: 4 },
      { type: 'disconnected', reason: 'client-disconnected' },
    ]);
    expect(reports[0]?.session).toBe(reports[1]?.session);
    expect(reports[0]?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  test('an MQTT 5.0 device is told every limit, and its identifier when it has none', async () => {
    const device = await RawClient.open(address);
    // Session Expiry Interval 60 s, which is not offered.
    device.send(connectPacket(5, 'pump-5', { clientId: '', properties: '11 0000003c' }));
    const connack = (await device.packet()) ?? Buffer.alloc(0);
    expect(hex(connack.subarray(0, 1))).toBe('20');
    expect(connack.readUInt8(3)).toBe(0);
    const properties = hex(connack.subarray(5));
    expect(properties).toContain('210064');
    expect(properties).toContain('2401');
    expect(properties).toContain('2700040000');
    expect(properties).toContain('220010');
    expect(properties).toContain('2a00');
    expect(properties).toContain('1100000000');
    expect(properties).toContain('120024');
    device.destroy();
  });

  test('an MQTT 3.1 device connects', async () => {
    const device = await RawClient.open(address);
    device.send(connectPacket(3, 'pump-31'));
    expect(hex(await device.packet())).toBe('20020000');
    device.destroy();
  });

  test.each<[AdmissionRefusal, number, number]>([
    ['malformed-credentials', 4, 0x86],
    ['unknown-device', 5, 0x87],
    ['wrong-password', 5, 0x87],
    ['device-disabled', 5, 0x8a],
    ['unknown-gateway', 5, 0x87],
    ['authenticator-refused', 5, 0x87],
    ['common-name-mismatch', 5, 0x87],
    ['authenticator-unavailable', 3, 0x88],
    ['authenticator-timeout', 3, 0x88],
    ['authenticator-answer-invalid', 3, 0x88],
    ['authenticator-busy', 3, 0x89],
  ])(
    'a client refused as %s gets return code %i in 3.1.1 and reason code %i in 5.0',
    async (reason, v3, v5) => {
      const usual = house.bus.verdict;
      house.bus.verdict = () => ({ outcome: 'refused', reason, steps: [] });
      try {
        const older = await RawClient.open(address);
        older.send(connectPacket(4, 'pump-no'));
        expect(hex(await older.packet())).toBe(`2002000${v3}`);
        await older.closed();

        const newer = await RawClient.open(address);
        newer.send(connectPacket(5, 'pump-no'));
        const connack = (await newer.packet()) ?? Buffer.alloc(0);
        expect(connack.readUInt8(3)).toBe(v5);
        expect(connack.readUInt8(5)).toBe(0x1f);
        await newer.closed();
      } finally {
        house.bus.verdict = usual;
      }
    },
  );

  test('a client waits while auth restarts, and is admitted', async () => {
    const device = await RawClient.open(address);
    await house.bus.stopAuth();
    device.send(connectPacket(4, 'pump-patient'));
    setTimeout(() => house.bus.startAuth(), 500);
    expect(hex(await device.packet())).toBe('20020000');
    device.destroy();
  });

  test('who is asked about a client and dies is waited for as long as it was told, then another is asked', async () => {
    const usual = house.bus.verdict;
    house.bus.verdict = () => {
      house.bus.verdict = usual;
      return new Promise<never>(() => undefined);
    };
    const device = await RawClient.open(address);
    const startedAt = performance.now();
    device.send(connectPacket(4, 'pump-widow'));
    expect(hex(await device.packet())).toBe('20020000');
    const waits = house.bus.admissions.flatMap(({ username, waitMs = 0 }) =>
      username === 'pump-widow' ? [waitMs] : [],
    );
    expect(waits).toHaveLength(2);
    const [first = 0, second = 0] = waits;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(first);
    expect(first).toBeGreaterThan(0.6 * ADMISSION_TIMEOUT_MS);
    expect(first + second).toBeLessThan(ADMISSION_TIMEOUT_MS);
    device.destroy();
  });

  test('a client is refused as server unavailable when auth stays away', async () => {
    await house.bus.stopAuth();
    try {
      const device = await RawClient.open(address);
      device.send(connectPacket(4, 'pump-alone'));
      expect(hex(await device.packet())).toBe('20020003');
      await device.closed();
    } finally {
      house.bus.startAuth();
    }
  });

  test('a client that sends no CONNECT is disconnected', async () => {
    const silent = await RawClient.open(house.address(gateway, IMPATIENT));
    await silent.closed();
  });

  test('a client without TLS is disconnected, and nobody else notices', async () => {
    const device = await connectDevice(address, 'pump-tls');
    const plain = connectTcp(address.port, '127.0.0.1');
    await once(plain, 'connect');
    plain.write(connectPacket(4, 'pump-plain'));
    plain.resume();
    plain.on('error', () => undefined);
    await once(plain, 'close');

    expect(device.connected).toBe(true);
    await device.endAsync();
  });
});

describe('what a client must not send', () => {
  test.each<[string, Buffer | string, number]>([
    ['PUBLISH with QoS 2', publishPacket(5, 'up', { qos: 2 }), 0x9b],
    ['a topic alias of 0', publishPacket(5, 'up', { properties: '23 0000' }), 0x82],
    ['a topic alias over the maximum', publishPacket(5, 'up', { properties: '23 0011' }), 0x94],
    ['a topic alias without a topic name', publishPacket(5, '', { properties: '23 0001' }), 0x82],
    ['a topic name over 1,024 bytes', publishPacket(5, 'é'.repeat(513)), 0x90],
    ['CONNECT again', connectPacket(5, 'pump-raw'), 0x82],
    ['a packet over 256 kB', '30 80 80 10', 0x95],
    ['AUTH', 'f0 00', 0x82],
    ['a packet of type 0', '00 00', 0x81],
  ])('%s ends an MQTT 5.0 connection with its reason code', async (_name, packet, reasonCode) => {
    const device = await RawClient.connected(address, connectPacket(5, 'pump-raw'));
    device.send(packet);
    const disconnect = (await device.packet()) ?? Buffer.alloc(3);
    expect([disconnect.readUInt8(0), disconnect.readUInt8(2)]).toEqual([0xe0, reasonCode]);
    expect(await device.packet()).toBeUndefined();
  });

  test('an MQTT 3.1.1 client that publishes with QoS 2 is disconnected without a word', async () => {
    const device = await RawClient.connected(address, connectPacket(4, 'pump-raw'));
    device.send(publishPacket(4, 'up', { qos: 2 }));
    expect(await device.packet()).toBeUndefined();
  });

  test('an unknown protocol version is refused with its code', async () => {
    const device = await RawClient.open(address);
    device.send('10 0c 0004 4d515454 06 02 003c 00 0000');
    expect(hex(await device.packet())?.slice(0, 8)).toMatch(/^20..0084$/);
    await device.closed();
  });

  test('an empty client identifier without clean session is refused', async () => {
    const device = await RawClient.open(address);
    device.send(connectPacket(4, 'pump-raw', { clientId: '', cleanStart: false }));
    expect(hex(await device.packet())).toBe('20020002');
    await device.closed();
  });

  test('credentials that are too long are refused before auth is asked', async () => {
    const asked = house.bus.admissions.length;
    const device = await RawClient.open(address);
    device.send(connectPacket(4, 'u'.repeat(1_025), { clientId: 'pump-raw' }));
    expect(hex(await device.packet())).toBe('20020004');
    expect(house.bus.admissions).toHaveLength(asked);
    await device.closed();
  });

  test('a client that stays silent for longer than its keep alive is disconnected', async () => {
    const device = await RawClient.connected(address, connectPacket(5, 'pump-raw', { keepAliveSeconds: 1 }));
    const disconnect = (await device.packet()) ?? Buffer.alloc(3);
    expect(disconnect.readUInt8(2)).toBe(0x8d);
  });

  test('PINGREQ keeps a connection alive', async () => {
    const device = await RawClient.connected(address, connectPacket(4, 'pump-raw', { keepAliveSeconds: 1 }));
    for (let round = 0; round < 4; round += 1) {
      device.send('c0 00');
      expect(hex(await device.packet())).toBe('d000');
      await new Promise((resolve) => {
        setTimeout(resolve, 600);
      });
    }
    device.destroy();
  });

  test('what has arrived while the edge itself was held up was in time', async () => {
    const device = await RawClient.connected(address, connectPacket(4, 'pump-held', { keepAliveSeconds: 1 }));
    device.send('c0 00');
    // The edge is part of this process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
    expect(hex(await device.packet())).toBe('d000');
    device.destroy();
  });
});

describe('subscribing', () => {
  test('each filter is granted at most QoS 1 or refused with its reason', async () => {
    const device = await RawClient.connected(address, connectPacket(5, 'pump-sub'));
    // Packet 7: a/# QoS 2, b QoS 0, $share/g/a, a/#/b
    device.send('82 22 0007 00 0003612f23 02 000162 00 000a 2473686172652f672f61 01 0005 612f232f62 00');
    expect(hex(await device.packet())).toBe('900700070001009e8f');
    device.send('a2 09 0008 00 000162 0001 7a');
    expect(hex(await device.packet())).toBe('b0050008000011');
    device.destroy();
  });

  test('the hundred and first subscription is refused, in 3.1.1 with 0x80', async () => {
    const device = await connectDevice(address, 'pump-many');
    const filters = Array.from({ length: 100 }, (_, index) => `down/${index}`);
    const granted = await device.subscribeAsync(filters, { qos: 1 });
    expect(granted.every(({ qos }) => qos === 1)).toBe(true);
    await expect(device.subscribeAsync('down/100')).rejects.toThrow(/Unspecified error/);
    await device.endAsync();
  });
});
