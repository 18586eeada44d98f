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

interface Answer {
  readonly code: number;
  readonly milliseconds: number;
}

/** @param localAddress where the device connects from */
async function connectOnce(
  gateway: GatewayListener,
  username: string,
  { localAddress = '127.0.0.1', clientId = username } = {},
): Promise<Answer> {
  const from = { ...house.address(gateway), localAddress };
  const client = await RawClient.open(from);
  const started = performance.now();
  client.send(connectPacket(5, username, { clientId }));
  const connack = (await client.packet()) ?? Buffer.alloc(4, 0xff);
  const answer = { code: connack.readUInt8(3), milliseconds: performance.now() - started };
  client.destroy();
  return answer;
}

const median = (answers: readonly Answer[]): number =>
  answers.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b)[answers.length >> 1] ?? 0;

test('a gateway whose authenticator hangs fills its own queue only, and nobody hangs longer than allowed', async () => {
  await house.startEdge({
    EDGE_ADMISSION_CONCURRENCY: '4',
    EDGE_ADMISSION_QUEUE: '4',
    EDGE_ADMISSION_TIMEOUT_MS: '2000',
  });
  const slow = await serve('slow');
  const quick = await serve('quick');
  const usual = house.bus.verdict;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isHanging = true;
  house.bus.verdict = async (request) => {
    if (isHanging && request.gatewayId === 'slow') await promise;
    return usual(request);
  };
  const connectTen = async (run: string): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (let index = 0; index < 10; index += 1) answers.push(await connectOnce(quick, `${run}-${index}`));
    return answers;
  };

  const quiet = await connectTen('quiet');
  const storm = Array.from({ length: 12 }, (_, index) => connectOnce(slow, `pump-${index}`));
  await eventually(() =>
    expect(house.bus.admissions.filter(({ gatewayId }) => gatewayId === 'slow')).toHaveLength(4),
  );
  const during = await connectTen('during');
  expect(during.map(({ code }) => code)).toEqual(quiet.map(() => 0));
  // Generous, for a machine that does other things too: in one queue they would have waited for 2 s.
  expect(median(during)).toBeLessThan(median(quiet) * 3 + 50);

  const answers = await Promise.all(storm);
  const busyAtOnce = answers.filter(({ code, milliseconds }) => code === 0x89 && milliseconds < 1_000);
  expect(busyAtOnce).toHaveLength(4);
  expect(answers.every(({ code }) => code === 0x88 || code === 0x89)).toBe(true);
  expect(Math.max(...answers.map(({ milliseconds }) => milliseconds))).toBeLessThan(3_000);

  isHanging = false;
  resolve();
  expect((await connectOnce(slow, 'pump-0')).code).toBe(0);
}, 20_000);

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
])(
  'wrong passwords at full speed %s keep no real device out',
  async (_how, failures, most) => {
    const guesses = 200;
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
    expect((await connectOnce(gateway, 'neighbour')).code).toBe(0);

    const codes = new Map<number, number>();
    let next = 0;
    const isOver = (): boolean => next >= guesses;
    const guess = async (): Promise<void> => {
      while (!isOver()) {
        const { code } = await connectOnce(gateway, `guess-${(next += 1)}`);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    const real: Answer[] = [];
    const behave = async (): Promise<void> => {
      for (let index = 0; !isOver(); index += 1) {
        real.push(await connectOnce(gateway, `pump-${index}`, { localAddress: '127.0.0.3' }));
        real.push(await connectOnce(gateway, 'neighbour'));
      }
    };
    await Promise.all([...Array.from({ length: 10 }, guess), behave()]);

    expect(real.length).toBeGreaterThan(4);
    expect(new Set(real.map(({ code }) => code))).toEqual(new Set([0]));
    expect(codes.get(0x87)).toBeLessThanOrEqual(most);
    expect(codes.get(0x8a) ?? 0).toBe(next - (codes.get(0x87) ?? 0));

    const bans = await openBucket(house.nats, BANS_BUCKET);
    const banned: string[] = [];
    for await (const key of await bans.keys()) banned.push(key);
    expect(banned).toEqual(failures === '0' ? [] : [banKey('gw-1', '127.0.0.1')]);
    const asked = house.bus.admissions.filter(({ username }) => username?.startsWith('guess') === true);
    expect(asked).toHaveLength(codes.get(0x87) ?? 0);
  },
  60_000,
);
