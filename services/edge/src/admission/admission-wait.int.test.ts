import type { ConnectionAttempt, GatewayListener } from '@gatehouse/contracts';
import { freePort } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdgeHouse } from '../testing/edge-under-test.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

/** Long beside what the test does before it hangs. */
const ADMISSION_TIMEOUT_MS = 6_000;
const VERSIONS = [4, 5] as const;

let house: EdgeHouse;
let gateway: GatewayListener;
let metricsUrl: string;
const clients: RawClient[] = [];

/** An edge that judges one CONNECT at a time and lets two more wait, and an auth that never answers. */
beforeAll(async () => {
  house = await EdgeHouse.open();
  const httpPort = await freePort();
  metricsUrl = `http://127.0.0.1:${httpPort}/metrics`;
  await house.startEdge({
    HTTP_PORT: String(httpPort),
    EDGE_ADMISSION_CONCURRENCY: '1',
    EDGE_ADMISSION_QUEUE: '2',
    EDGE_ADMISSION_TIMEOUT_MS: String(ADMISSION_TIMEOUT_MS),
  });
  gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
  house.bus.verdict = () => new Promise<never>(() => undefined);
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await house[Symbol.asyncDispose]();
});

async function open(): Promise<RawClient> {
  const client = await RawClient.open(house.address(gateway));
  clients.push(client);
  return client;
}

/** One of each version, through its TLS handshake: CONNECT alone counts against the time that it waits. */
const openBoth = (): Promise<RawClient[]> => Promise.all(VERSIONS.map(open));

function sendBoth(those: readonly RawClient[], name: string): void {
  for (const [index, version] of VERSIONS.entries()) {
    those[index]?.send(connectPacket(version, `${name}-${version}`));
  }
}

const connacksOf = (those: readonly RawClient[]): Promise<(Buffer | undefined)[]> =>
  Promise.all(those.map((client) => client.packet()));

function recordOf(username: string): Promise<ConnectionAttempt> {
  return eventually(async () => {
    const found = (await house.stored.attempts()).find((attempt) => attempt.username === username);
    if (found === undefined) throw new Error(`nothing is recorded of ${username}`);
    return found;
  });
}

/** Holds up all that this process does, the edge included. */
function hang(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('who finds the line full, and whose turn comes too late, is told that the edge is busy', async () => {
  const [judged, waiting, newest] = [await open(), await openBoth(), await openBoth()];
  judged.send(connectPacket(5, 'judged'));
  await eventually(() => expect(house.bus.admissions).toHaveLength(1));
  sendBoth(waiting, 'waiting');
  await eventually(async () => {
    expect(await (await fetch(metricsUrl)).text()).toMatch(/^gatehouse_edge_admission_queue(\{.*\})? 2$/m);
  });
  sendBoth(newest, 'newest');
  const full = await connacksOf(newest);
  expect(waiting.map(({ bytesWaiting }) => bytesWaiting)).toEqual([0, 0]);
  // Who is judged is answered by its time and gives the place on: only an edge that is late itself keeps one waiting.
  hang(ADMISSION_TIMEOUT_MS + 1);
  const late = await connacksOf(waiting);

  const advice = 'waiting to be admitted; try again later, at a random moment';
  const table = [
    ['newest', 'EDGE_ADMISSION_QUEUE_FULL', 'admission-queue-full', `2 clients are ${advice}`, full],
    [
      'waiting',
      'EDGE_ADMISSION_WAIT_TIMED_OUT',
      'admission-wait-timed-out',
      `too many clients are ${advice}`,
      late,
    ],
  ] as const;
  for (const [name, code, reason, message, connacks] of table) {
    expect(connacks.map((connack) => connack?.readUInt8(3))).toEqual([3, 0x89]);
    expect(connacks.map((connack) => connack?.includes(message))).toEqual([false, true]);
    for (const [index, protocolVersion] of VERSIONS.entries()) {
      const record = await recordOf(`${name}-${protocolVersion}`);
      const connackCode = [3, 0x89][index];
      const refused = { outcome: 'refused', code, reason, message, connackCode, session: null };
      expect(record).toMatchObject({ ...refused, protocolVersion });
      // On a busy machine one waits for the handshake, too.
      const steps = record.steps.filter((step) => step.name !== 'handshake-queue');
      expect(steps.map((step) => `${step.name} ${step.outcome}`)).toEqual([
        'tls-handshake ok',
        'connect-packet ok',
        `verdict ${reason}`,
      ]);
    }
  }
  expect(new Set(house.bus.admissions.map(({ username }) => username))).toEqual(new Set(['judged']));
});
