import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BANS_BUCKET, banKey, type GatewayListener } from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EdgeHouse } from '../testing/edge-under-test.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

let house: EdgeHouse;

beforeEach(async () => {
  house = await EdgeHouse.open();
});

afterEach(() => house[Symbol.asyncDispose]());

async function serve(gatewayId: string): Promise<GatewayListener> {
  const gateway = await house.newGateway(gatewayId);
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
  return gateway;
}

/** @param localAddress where the device connects from */
async function connectOnce(
  gateway: GatewayListener,
  username: string,
  { localAddress = '127.0.0.1', clientId = username } = {},
): Promise<number> {
  const from = { ...house.address(gateway), localAddress };
  const client = await RawClient.open(from);
  client.send(connectPacket(5, username, { clientId }));
  const connack = (await client.packet()) ?? Buffer.alloc(4, 0xff);
  client.destroy();
  return connack.readUInt8(3);
}

/** Auth does not answer for one gateway until `resume`. */
function hang(gatewayId: string): { readonly resume: () => void } {
  const usual = house.bus.verdict;
  const { promise, resolve } = Promise.withResolvers<void>();
  house.bus.verdict = async (request) => {
    if (request.gatewayId === gatewayId) await promise;
    return usual(request);
  };
  return { resume: resolve };
}

test('a gateway whose authenticator hangs fills its own queue only', async () => {
  await house.startEdge({
    EDGE_ADMISSION_CONCURRENCY: '4',
    EDGE_ADMISSION_QUEUE: '4',
    // Longer than all of this takes: who waits goes on waiting.
    EDGE_ADMISSION_TIMEOUT_MS: '60000',
  });
  const slow = await serve('slow');
  const quick = await serve('quick');
  const { resume } = hang('slow');
  const codes: number[] = [];
  const storm = Array.from({ length: 12 }, async (_, index) => {
    codes.push(await connectOnce(slow, `pump-${index}`));
  });
  await eventually(() => expect(codes).toHaveLength(4));
  expect(new Set(codes)).toEqual(new Set([0x89]));
  for (let index = 0; index < 10; index += 1) expect(await connectOnce(quick, `quick-${index}`)).toBe(0);
  // All of them were through while the others waited.
  expect(codes).toHaveLength(4);
  resume();
  await Promise.all(storm);
  expect(codes.slice(4)).toEqual(Array.from({ length: 8 }, () => 0));
});

test('of those whom an authenticator keeps waiting nobody hangs longer than allowed', async () => {
  const allowedMs = 3_000;
  await house.startEdge({
    EDGE_ADMISSION_CONCURRENCY: '4',
    EDGE_ADMISSION_QUEUE: '4',
    EDGE_ADMISSION_TIMEOUT_MS: String(allowedMs),
  });
  const slow = await serve('slow');
  const { resume } = hang('slow');
  const storm = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const client = await RawClient.open(house.address(slow));
      return { client, packet: connectPacket(5, `pump-${index}`) };
    }),
  );
  const started = performance.now();
  for (const { client, packet } of storm) client.send(packet);
  const codes = await Promise.all(storm.map(async ({ client }) => (await client.packet())?.readUInt8(3)));
  expect(codes.every((code) => code === 0x88 || code === 0x89)).toBe(true);
  // Those in the line hang no second time when their turn has come.
  expect(performance.now() - started).toBeLessThan(2 * allowedMs);
  for (const { client } of storm) client.destroy();
  resume();
  expect(await connectOnce(slow, 'pump-0')).toBe(0);
});

test('while nobody can be let in few are shaken hands with, and other gateways go on', async () => {
  await house.startEdge({ EDGE_HANDSHAKE_WAIT_MS: '1000' });
  const dead = await serve('dead');
  const well = await serve('well');
  // Strangers, who may make an authenticator fail, do not count.
  expect(await connectOnce(dead, 'pump-0')).toBe(0);
  const usual = house.bus.verdict;
  house.bus.verdict = (request) =>
    request.gatewayId === 'dead'
      ? { outcome: 'refused', reason: 'authenticator-unavailable', steps: [] }
      : usual(request);
  for (let index = 0; index < 20; index += 1) expect(await connectOnce(dead, `pump-${index}`)).toBe(0x88);
  const codes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => connectOnce(dead, `fan-${index}`).catch(() => 'closed')),
  );
  expect(new Set(codes)).toEqual(new Set([0x88, 'closed']));
  expect(codes.filter((code) => code === 'closed').length).toBeGreaterThan(20);
  expect(await connectOnce(well, 'pump-1')).toBe(0);
  await eventually(async () => {
    const closed = (await house.stored.attempts()).find(({ reason }) => reason === 'handshake-queue-full');
    expect(closed).toMatchObject({
      gatewayId: 'dead',
      message: expect.stringContaining('cannot let anybody in'),
    });
  });

  house.bus.verdict = usual;
  expect(await connectOnce(dead, 'pump-0')).toBe(0);
  expect(await connectOnce(dead, 'pump-1')).toBe(0);
});

test('while the line is full whoever comes is closed without being read', async () => {
  // Whoever is read and says nothing is closed much later than this test ends.
  await house.startEdge({ EDGE_HANDSHAKE_QUEUE: '5', EDGE_CONNECT_TIMEOUT_MS: '300000' });
  const dead = await serve('dead');
  expect(await connectOnce(dead, 'pump-0')).toBe(0);
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'authenticator-unavailable', steps: [] });
  for (let index = 0; index < 20; index += 1) expect(await connectOnce(dead, `pump-${index}`)).toBe(0x88);
  const over = new AbortController();
  const closedUnread = Promise.withResolvers<void>();
  const openSilent = (): void => {
    const socket = connectTcp(dead.port, '127.0.0.1')
      .on('error', () => undefined)
      .on('close', () => closedUnread.resolve())
      .resume();
    over.signal.addEventListener('abort', () => socket.destroy());
  };
  const crowd = Array.from({ length: 20 }, async (_, index) => {
    while (!over.signal.aborted) {
      const code = await connectOnce(dead, `fan-${index}`).catch(() => 'closed');
      // The line was full just now.
      if (code === 'closed') openSilent();
    }
  });
  await closedUnread.promise;
  over.abort();
  await Promise.all(crowd);
  await eventually(async () => {
    const attempts = await house.stored.attempts();
    const closed = attempts.filter(({ reason }) => reason === 'handshake-queue-full');
    expect(closed.length).toBeGreaterThan(0);
  });
});

test('whoever waits for a handshake with a gateway that is deleted is closed, and the record says so', async () => {
  await house.startEdge({ EDGE_HANDSHAKE_WAIT_MS: '60000' });
  const dead = await serve('dead');
  expect(await connectOnce(dead, 'pump-0')).toBe(0);
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'authenticator-unavailable', steps: [] });
  for (let index = 0; index < 20; index += 1) expect(await connectOnce(dead, `pump-${index}`)).toBe(0x88);
  // 20 a second begin, so that most of them wait when the gateway goes.
  const crowd = Array.from({ length: 60 }, (_, index) => connectOnce(dead, `fan-${index}`));
  const codes = Promise.all(crowd.map((code) => code.catch(() => 'closed')));
  expect(await Promise.race(crowd)).toBe(0x88);
  house.bus.delete('dead');
  expect(await codes).toContain('closed');
  await eventually(async () => {
    const closed = (await house.stored.attempts()).find(({ reason }) => reason === 'gateway-closed');
    expect(closed).toMatchObject({ gatewayId: 'dead' });
  });
});

test('the wait for a handshake is not taken from the time that a client has for its CONNECT', async () => {
  const connectTimeoutMs = 3_000;
  await house.startEdge({
    EDGE_CONNECT_TIMEOUT_MS: String(connectTimeoutMs),
    EDGE_HANDSHAKE_WAIT_MS: '60000',
  });
  const dead = await serve('dead');
  expect(await connectOnce(dead, 'pump-0')).toBe(0);
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'authenticator-unavailable', steps: [] });
  for (let index = 0; index < 20; index += 1) expect(await connectOnce(dead, `pump-${index}`)).toBe(0x88);
  const waits: number[] = [];
  const startedAt = performance.now();
  // 20 a second: the last of them wait for longer than they have for a CONNECT, and then take a third of that.
  const codes = await Promise.all(
    Array.from({ length: 80 }, async (_, index) => {
      const client = await RawClient.open(house.address(dead));
      waits.push(performance.now() - startedAt);
      await delay(connectTimeoutMs / 3);
      client.send(connectPacket(5, `fan-${index}`));
      const code = (await client.packet())?.readUInt8(3);
      client.destroy();
      return code;
    }),
  );
  expect(Math.max(...waits)).toBeGreaterThan(connectTimeoutMs);
  expect(new Set(codes)).toEqual(new Set([0x88]));
});

test('the second CONNECT of a client is judged when the first one is, and takes over', async () => {
  await house.startEdge();
  const gateway = await serve('gw-1');
  const usual = house.bus.verdict;
  const { promise, resolve } = Promise.withResolvers<void>();
  house.bus.verdict = async (request) => {
    await promise;
    return usual(request);
  };
  const clients: RawClient[] = [];
  for (let index = 0; index < 3; index += 1) {
    const client = await RawClient.open(house.address(gateway));
    client.send(connectPacket(5, 'pump-1'));
    clients.push(client);
    if (index === 0) await eventually(() => expect(house.bus.admissions).toHaveLength(1));
  }
  const [first, second, third] = clients;
  // Its place is taken by the third: in CONNACK there is no Session taken over.
  expect((await second?.packet())?.readUInt8(3)).toBe(0x88);
  expect(house.bus.admissions).toHaveLength(1);
  resolve();
  expect((await third?.packet())?.readUInt8(3)).toBe(0);
  expect(house.bus.admissions).toHaveLength(2);
  expect((await first?.packet())?.readUInt8(0)).toBe(0x20);
  await first?.closed();
  third?.send('c000');
  expect((await third?.packet())?.toString('hex')).toBe('d000');
  third?.destroy();
});

test.each([
  ['with bans', '40', 110],
  ['without bans', '0', Number.POSITIVE_INFINITY],
])('wrong passwords at full speed %s keep no real device out', async (_how, failures, most) => {
  const leastGuesses = 200;
  await house.startEdge({
    EDGE_BAN_FAILURES: failures,
    EDGE_REMEMBERED_CLIENTS: '100',
  });
  const gateway = await serve('gw-1');
  const usual = house.bus.verdict;
  house.bus.verdict = (request) =>
    request.username?.startsWith('guess') === true
      ? { outcome: 'refused', reason: 'unknown-device', steps: [] }
      : usual(request);
  expect(await connectOnce(gateway, 'neighbour')).toBe(0);

  const codes = new Map<number, number>();
  let next = 0;
  const real: number[] = [];
  const isOver = (): boolean => next >= leastGuesses && real.length > 4;
  const guess = async (): Promise<void> => {
    while (!isOver()) {
      const code = await connectOnce(gateway, `guess-${(next += 1)}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const behave = async (): Promise<void> => {
    for (let index = 0; !isOver(); index += 1) {
      real.push(await connectOnce(gateway, `pump-${index}`, { localAddress: '127.0.0.3' }));
      real.push(await connectOnce(gateway, 'neighbour'));
    }
  };
  await Promise.all([...Array.from({ length: 10 }, guess), behave()]);

  expect(new Set(real)).toEqual(new Set([0]));
  expect(codes.get(0x87)).toBeLessThanOrEqual(most);
  expect(codes.get(0x8a) ?? 0).toBe(next - (codes.get(0x87) ?? 0));

  const bans = await openBucket(house.nats, BANS_BUCKET);
  await eventually(async () => {
    const banned: string[] = [];
    for await (const key of await bans.keys()) banned.push(key);
    expect(banned).toEqual(failures === '0' ? [] : [banKey('gw-1', '127.0.0.1')]);
  });
  const asked = house.bus.admissions.filter(({ username }) => username?.startsWith('guess') === true);
  expect(asked).toHaveLength(codes.get(0x87) ?? 0);
});
