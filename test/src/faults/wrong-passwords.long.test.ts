import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { gatewayUnderTest } from '../bench/gatehouse-under-test.ts';
import { percentileOf } from '../bench/latencies.ts';
import { residentBytes } from '../bench/process-usage.ts';
import { connackCode, connectPacket, DISCONNECT } from '../connect-packet.ts';
import { INSPECTABLE, InspectedProcess } from '../inspected-process.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const SECONDS = Number(process.env['GUESSING_SECONDS'] ?? 60);
const WARM_UP_SECONDS = SECONDS / 3;
const GUESSES_AT_ONCE = 32;
const BAN_SECONDS = 20;
const DEVICES = 50;
const GUESSER = '127.0.0.2';
const HONEST = '127.0.0.1';
const PATIENCE_MS = 20_000;
/** What is in use may move by so much in 40 s; of some 20,000 guesses each that left 200 bytes would be seen. */
const MAX_GROWTH_BYTES = 4 * 1_048_576;
/** With what is not of JavaScript, and what the allocator keeps; the TLS of a connection alone has some 20 kB. */
const MAX_RESIDENT_GROWTH_BYTES = 48 * 1_048_576;

const ACCEPTED = 0;
const NOT_AUTHORIZED = 0x87;
const BANNED = 0x8a;

interface Credentials {
  readonly username: string;
  readonly password: string;
}

test(
  `${SECONDS} s of wrong passwords at full speed from one address keep no device elsewhere out`,
  async () => {
    const lines: string[] = [];
    await using gatehouse = await RunningGatehouse.start({
      environment: { EDGE_BAN_SECONDS: String(BAN_SECONDS), ...INSPECTABLE },
      onLine: (line) => lines.push(line),
    });
    const edgePid = await pidOf(gatehouse, 'edge');
    using edge = await InspectedProcess.open(edgePid, lines);
    using auth = await InspectedProcess.open(await pidOf(gatehouse, 'auth'), lines);
    const gateway = await gatewayUnderTest(gatehouse, 'guessed_at', { clientCount: DEVICES });
    const secureContext = createSecureContext({ ca: gateway.ca });

    /** The CONNACK code of one attempt, and how long it took; undefined when the connection was closed instead. */
    const connectFrom = (localAddress: string, { username, password }: Credentials) =>
      new Promise<{ readonly code: number | undefined; readonly milliseconds: number }>((resolve) => {
        const startedAt = performance.now();
        const { host, port } = gateway;
        const tcp = connect({ host, port, localAddress, noDelay: true });
        tcp.on('error', () => undefined);
        const socket = connectTls({ socket: tcp, secureContext, servername: '' });
        const settle = (code: number | undefined): void => {
          socket.end(DISCONNECT);
          resolve({ code, milliseconds: performance.now() - startedAt });
        };
        socket.setTimeout(PATIENCE_MS, () => socket.destroy());
        socket.once('secureConnect', () =>
          socket.write(connectPacket({ clientId: username, username, password }, 5, 0)),
        );
        socket.once('data', (answer: Buffer) => settle(connackCode(answer)));
        socket.on('error', () => undefined);
        socket.once('close', () => settle(undefined));
      });
    const measure = async () => ({
      edge: await edge.heapBytes(),
      edgeResident: await residentBytes(edgePid),
      auth: await auth.heapBytes(),
    });
    const bans = async (): Promise<unknown> => (await gatehouse.api('GET', '/bans')).body['items'];

    const [neighbour, ...honest] = gateway.clients;
    if (neighbour === undefined) throw new Error('there are no devices');
    // Behind the same address as the guesser, and known there.
    expect(await connectFrom(GUESSER, neighbour)).toMatchObject({ code: ACCEPTED });

    const endsAt = performance.now() + SECONDS * 1_000;
    const codes = new Map<number | undefined, number>();
    let guesses = 0;
    const guess = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        guesses += 1;
        // Half of the user names are real ones.
        const username =
          guesses % 2 === 0 ? `nobody-${guesses}` : (honest[guesses % honest.length]?.username ?? '');
        const { code } = await connectFrom(GUESSER, { username, password: `guess-${guesses}` });
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    const times: number[] = [];
    const connectHonestly = async (): Promise<void> => {
      for (let turn = 0; performance.now() < endsAt; turn += 1) {
        const { code, milliseconds } = await connectFrom(HONEST, honest[turn % honest.length] ?? neighbour);
        expect(code).toBe(ACCEPTED);
        times.push(milliseconds);
        await wait(100);
      }
    };
    const guessing = Promise.all(Array.from({ length: GUESSES_AT_ONCE }, guess));
    const connecting = connectHonestly();

    await eventually(
      async () =>
        expect(await bans()).toMatchObject([{ gatewayId: expect.any(String), remoteAddress: GUESSER }]),
      20_000,
    );
    expect(await connectFrom(GUESSER, neighbour)).toMatchObject({ code: ACCEPTED });
    await wait(WARM_UP_SECONDS * 1_000);
    const before = await measure();
    await Promise.all([guessing, connecting]);
    const after = await measure();

    expect(codes.get(BANNED)).toBeGreaterThan(codes.get(NOT_AUTHORIZED) ?? 0);
    expect(codes.get(ACCEPTED)).toBeUndefined();
    expect(times.length).toBeGreaterThan(SECONDS);
    expect(percentileOf(times, 0.99)).toBeLessThan(5_000);
    expect(after.edge - before.edge).toBeLessThan(MAX_GROWTH_BYTES);
    expect(after.edgeResident - before.edgeResident).toBeLessThan(MAX_RESIDENT_GROWTH_BYTES);
    expect(after.auth - before.auth).toBeLessThan(MAX_GROWTH_BYTES);
    const tables = await edgeTables(gatehouse);
    expect(tables.get('gatehouse_edge_failing_addresses')).toBeLessThanOrEqual(1);
    expect(tables.get('gatehouse_edge_failing_usernames')).toBeLessThanOrEqual(1_000);
    expect(tables.get('gatehouse_edge_admitted_usernames')).toBe(DEVICES);
    expect(tables.get('gatehouse_edge_bans')).toBe(1);
    expect(tables.get('gatehouse_edge_attempt_queue')).toBeLessThan(1_000);

    await eventually(async () => expect(await bans()).toEqual([]), (BAN_SECONDS + 10) * 1_000, 500);
    expect(await connectFrom(GUESSER, honest[0] ?? neighbour)).toMatchObject({ code: ACCEPTED });
  },
  (SECONDS + 120) * 1_000,
);

async function pidOf(gatehouse: RunningGatehouse, service: string): Promise<number> {
  const [pid] = await gatehouse.pidsOf(service);
  if (pid === undefined) throw new Error(`there is no ${service}`);
  return pid;
}

/** Gauges of the edge by name. */
async function edgeTables(gatehouse: RunningGatehouse): Promise<Map<string, number>> {
  const { processes } = await gatehouse.runFile();
  const url = processes.find(({ name }) => name.startsWith('edge'))?.url ?? '';
  const text = await (await fetch(`${url}/metrics`)).text();
  return new Map(
    [...text.matchAll(/^(gatehouse_edge_\w+)\S* (\S+)$/gm)].map(([, name = '', value]) => [
      name,
      Number(value),
    ]),
  );
}
