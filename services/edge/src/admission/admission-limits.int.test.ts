import {
  addressBan,
  BANS_BUCKET,
  banKey,
  kickSession,
  type AddressBan,
  type GatewayListener,
} from '@gatehouse/contracts';
import { callService, openBucket } from '@gatehouse/nats';
import { eventually, quickest } from '@gatehouse/testing';
import type { KV } from '@nats-io/kv';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectDevice, disconnected, EdgeHouse } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

/** What node:tls says, by whether the edge's FIN or its RST came first. */
const CLOSED_BEFORE_TLS = /before secure TLS connection|ECONNRESET|EPIPE/;

let house: EdgeHouse;
let gateway: GatewayListener;
let bans: KV;

beforeEach(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  bans = await openBucket(house.nats, BANS_BUCKET);
  const usual = house.bus.verdict;
  house.bus.verdict = (request) =>
    request.username?.startsWith('guess') === true
      ? { outcome: 'refused', reason: 'wrong-password', steps: [] }
      : usual(request);
});

afterEach(() => house[Symbol.asyncDispose]());

async function start(settings: Record<string, string> = {}): Promise<void> {
  await house.startEdge(settings);
  await eventually(() => house.stored.expectListening(gateway));
}

async function change(changes: Partial<GatewayListener>): Promise<void> {
  gateway = { ...gateway, ...changes, version: gateway.version + 1 };
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
}

/** The code of CONNACK. */
async function connack(
  version: 4 | 5,
  username: string,
  options: Parameters<typeof connectPacket>[2] & { gateway?: GatewayListener } = {},
): Promise<number> {
  const client = await RawClient.open(house.address(options.gateway ?? gateway));
  client.send(connectPacket(version, username, options));
  const packet = (await client.packet()) ?? Buffer.alloc(4, 0xff);
  client.destroy();
  return packet.readUInt8(3);
}

const both = async (username: string, options: Parameters<typeof connack>[2] = {}): Promise<number[]> => [
  await connack(4, username, options),
  await connack(5, username, options),
];

describe('limits of the gateway', () => {
  test('a keep alive outside its range is refused with 5 and 0x82, and auth is not asked', async () => {
    await start();
    await change({ limits: { ...gateway.limits, keepAlive: { minSeconds: 30, maxSeconds: 1_200 } } });
    for (const keepAliveSeconds of [0, 29, 1_201]) {
      expect(await both('pump-1', { keepAliveSeconds })).toEqual([5, 0x82]);
    }
    expect(house.bus.admissions).toEqual([]);
    expect(await both('pump-1', { keepAliveSeconds: 30 })).toEqual([0, 0]);
  });

  test('a smaller packet limit is announced and held', async () => {
    await start();
    await change({ limits: { ...gateway.limits, maxPacketBytes: 1_024 } });
    const device = await RawClient.open(house.address(gateway));
    device.send(connectPacket(5, 'pump-1'));
    expect((await device.packet())?.toString('hex')).toContain('2700000400');
    device.send('30 ff 08');
    expect((await device.packet())?.readUInt8(2)).toBe(0x95);
    device.destroy();
  });

  test('a device that connects too often is refused with 3 and 0x9f; after DISCONNECT it is not counted', async () => {
    await start();
    await change({ limits: { ...gateway.limits, connectsPerMinute: 2 } });
    for (let round = 0; round < 5; round += 1) {
      const device = await connectDevice(house.address(gateway), 'pump-1');
      await device.endAsync();
      await eventually(async () => {
        const ended = (await house.stored.presence()).filter(({ type }) => type === 'disconnected');
        expect(ended).toHaveLength(round + 1);
      });
    }
    expect([await connack(4, 'pump-1'), await connack(5, 'pump-1')]).toEqual([0, 0]);
    expect(await both('pump-1')).toEqual([3, 0x9f]);
    expect(await connack(5, 'pump-2')).toBe(0);
  });
});

test('two that share credentials are found out, however few sessions the rate leaves them', async () => {
  const log = new LinesLogged();
  await house.startEdge({}, log.logger);
  await eventually(() => house.stored.expectListening(gateway));
  await change({ limits: { ...gateway.limits, connectsPerMinute: 5 } });
  for (let round = 0; round < 15; round += 1) await connack(5, 'pump-1');
  expect(log.of('a device lost its session, or came back too soon')).toEqual([
    expect.objectContaining({
      gatewayId: 'gw-1',
      deviceName: 'pump-1',
      reason: 'EDGE_CONNECT_RATE_EXCEEDED',
    }),
  ]);
});

describe('who is admitted changes', () => {
  test('sessions that were admitted before are ended with a reason, and new ones are not', async () => {
    await start();
    const toldAfterMs = await quickest(1_500, async (round) => {
      const older = await connectDevice(house.address(gateway), `pump-${round}`, { protocolVersion: 5 });
      const told = disconnected(older);
      const changedAt = performance.now();
      await change({ admissionVersion: gateway.version + 1 });
      expect(await told).toEqual({
        reasonCode: 0x98,
        reasonString: expect.stringContaining('connect again'),
      });
      return performance.now() - changedAt;
    });
    expect(toldAfterMs).toBeLessThan(1_500);
    const newer = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
    await change({ name: 'renamed' });
    expect(newer.connected).toBe(true);
    await newer.endAsync();
  });

  test.each([
    [4, 3],
    [5, 0x88],
  ] as const)('a CONNECT on its way is refused (version %i: code %i)', async (version, code) => {
    await start();
    const usual = house.bus.verdict;
    const { promise, resolve } = Promise.withResolvers<void>();
    house.bus.verdict = async (request) => {
      await promise;
      return usual(request);
    };
    const answer = connack(version, 'pump-1');
    await eventually(() => expect(house.bus.admissions).toHaveLength(1));
    await change({ admissionVersion: gateway.version + 1 });
    resolve();
    expect(await answer).toBe(code);
    expect(await house.stored.sessions()).toEqual([]);
  });

  test('a session whose device gets a new password is told so', async () => {
    await start();
    const device = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
    const [edgeId = ''] = [...(await house.stored.edges()).keys()];
    const told = disconnected(device);
    await callService(house.nats, kickSession(edgeId), {
      productKey: 'a1',
      deviceName: 'pump-1',
      upToSession: Number.MAX_SAFE_INTEGER,
      reason: 'credentials-changed',
    });
    expect(await told).toEqual({ reasonCode: 0x98, reasonString: expect.stringContaining('new password') });
  });
});

describe('guessing', () => {
  test('after ten failures with one user name auth is not asked about it any more', async () => {
    await start();
    for (let round = 0; round < 10; round += 1) expect(await connack(5, 'guess-1')).toBe(0x87);
    expect(await both('guess-1')).toEqual([3, 0x9f]);
    expect(house.bus.admissions).toHaveLength(10);
    expect(await both('guess-2')).toEqual([5, 0x87]);
    expect(await both('pump-1')).toEqual([0, 0]);
  });

  test('an address that fails too often is banned everywhere, but not its real devices', async () => {
    await house.startEdge({ EDGE_HOST: '127.0.0.2', EDGE_BAN_FAILURES: '5' });
    await start({ EDGE_BAN_FAILURES: '5', EDGE_BAN_SECONDS: '3600' });
    await eventually(() => house.stored.expectListening(gateway, 2));
    const other = await house.newGateway('gw-2');
    house.bus.put(other);
    await eventually(() => house.stored.expectListening(other, 2));

    expect(await connack(5, 'pump-1')).toBe(0);
    for (let round = 0; round < 6; round += 1) expect(await connack(5, `guess-${round}`)).toBe(0x87);
    const asked = house.bus.admissions.length;
    expect(await both('pump-2')).toEqual([5, 0x8a]);
    expect(house.bus.admissions).toHaveLength(asked);
    expect(await both('pump-1')).toEqual([0, 0]);
    expect(await connack(5, 'pump-2', { gateway: other })).toBe(0);

    const entry = await eventually(async () => {
      const found = await bans.get(banKey('gw-1', '127.0.0.1'));
      if (found?.operation !== 'PUT') throw new Error('the ban is not shared');
      return addressBan.parse(found.json());
    });
    expect(entry).toMatchObject({ gatewayId: 'gw-1', remoteAddress: '127.0.0.1', failures: 6 });
    // That edge has admitted nobody from there: it spares itself the handshake, once it has heard of the ban.
    await eventually(() =>
      expect(RawClient.open(house.address(gateway, '127.0.0.2'))).rejects.toThrow(CLOSED_BEFORE_TLS),
    );
    await eventually(async () => {
      const banned = (await house.stored.attempts()).find(
        ({ reason, tls }) => reason === 'address-banned' && tls === null,
      );
      expect(banned).toMatchObject({ outcome: 'failed', clientId: null });
    });
  });

  test('a ban holds for its time, and its entry goes with it', async () => {
    const log = new LinesLogged();
    await house.startEdge({ EDGE_BAN_FAILURES: '5', EDGE_BAN_SECONDS: '2' }, log.logger);
    await eventually(() => house.stored.expectListening(gateway));
    for (let round = 0; round < 6; round += 1) expect(await connack(5, `guess-${round}`)).toBe(0x87);
    const [ban] = log.of('an address is banned');
    expect(ban).toMatchObject({ gatewayId: 'gw-1', address: '127.0.0.1', failures: 6 });
    await eventually(async () => expect(await connack(5, 'pump-2')).toBe(0));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(String(ban?.['until'])));
    await eventually(async () =>
      expect((await bans.get(banKey('gw-1', '127.0.0.1')))?.operation).toBe('PURGE'),
    );
  });

  test('of a ban that is over before the bucket has shown it no entry stays', async () => {
    await start();
    const [edgeId = ''] = [...(await house.stored.edges()).keys()];
    const key = banKey('gw-1', '127.0.0.1');
    const now = new Date().toISOString();
    const over = { gatewayId: 'gw-1', remoteAddress: '127.0.0.1', reason: '', failures: 6, edgeId };
    await bans.put(key, JSON.stringify({ ...over, bannedAt: now, until: now }));
    await eventually(async () => expect((await bans.get(key))?.operation).toBe('PURGE'));
  });

  test('the log tells of a ban once, and of nobody whom it turns away', async () => {
    const log = new LinesLogged();
    await house.startEdge({ EDGE_BAN_FAILURES: '5' }, log.logger);
    await eventually(() => house.stored.expectListening(gateway));
    expect(await connack(5, 'pump-1')).toBe(0);
    for (let round = 0; round < 6; round += 1) await connack(5, `guess-${round}`);
    for (let round = 0; round < 20; round += 1) expect(await connack(5, 'guess-0')).toBe(0x8a);
    expect(log.of('an address is banned')).toHaveLength(1);
    expect(log.of('client refused')).toHaveLength(6);
  });

  test('a ban that ends by itself leaves the failures of a user name counted, one that is lifted does not', async () => {
    const log = new LinesLogged();
    const settings = { EDGE_BAN_FAILURES: '3', EDGE_BAN_SECONDS: '1', EDGE_FAILURES_PER_USERNAME: '4' };
    await house.startEdge(settings, log.logger);
    await eventually(() => house.stored.expectListening(gateway));
    expect(await connack(5, 'pump-1')).toBe(0);
    for (let round = 0; round < 4; round += 1) expect(await connack(5, 'guess-1')).toBe(0x87);
    expect(log.of('an address is banned')).toHaveLength(1);
    await eventually(() => expect(log.of('a ban has ended')).toHaveLength(1));
    expect(await connack(5, 'guess-1')).toBe(0x9f);
    const ban = {
      gatewayId: 'gw-1',
      remoteAddress: '127.0.0.1',
      reason: 'by hand',
      failures: 0,
      edgeId: 'me',
    };
    const bannedAt = new Date();
    const until = new Date(Date.now() + 60_000);
    await bans.put(banKey('gw-1', '127.0.0.1'), JSON.stringify({ ...ban, bannedAt, until }));
    await eventually(async () => expect(await connack(5, 'guess-1')).toBe(0x8a));
    await bans.delete(banKey('gw-1', '127.0.0.1'));
    await eventually(async () => expect(await connack(5, 'guess-1')).toBe(0x87));
  });

  test('a ban that an operator sets holds, and one that he deletes is lifted at once', async () => {
    await start();
    const key = banKey('gw-1', '127.0.0.1');
    const ban: AddressBan = {
      cause: 'failed-attempts',
      gatewayId: 'gw-1',
      remoteAddress: '127.0.0.1',
      bannedAt: new Date().toISOString(),
      until: new Date(Date.now() + 60_000).toISOString(),
      reason: 'by hand',
      failures: 0,
      edgeId: 'somebody',
    };
    await bans.put(key, JSON.stringify(ban));
    await eventually(() => expect(connack(5, 'guess-1')).rejects.toThrow(CLOSED_BEFORE_TLS));
    await bans.delete(key);
    await eventually(async () => expect(await connack(5, 'pump-1')).toBe(0));
  });

  test('with EDGE_BAN_FAILURES=0 nobody is banned', async () => {
    await start({ EDGE_BAN_FAILURES: '0', EDGE_FAILURES_PER_USERNAME: '0' });
    for (let round = 0; round < 20; round += 1) expect(await connack(5, 'guess-1')).toBe(0x87);
  });
});
