import { setTimeout as wait } from 'node:timers/promises';
import { TestAuthority } from '@gatehouse/pki';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { processesOf } from '../bench/gatehouse-under-test.ts';
import { percentileOf } from '../bench/latencies.ts';
import { cpuDuring } from '../bench/process-usage.ts';
import { shares } from '../bench/publish-bench.ts';
import type { ConnectLoad, ConnectLoadOptions, ConnectSample } from '../connect-load.ts';
import { importDevices, type ImportedDevice } from '../imported-devices.ts';
import { ProgramProcess } from '../program-process.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const CONNECTIONS = Number(process.env['ROTATION_CONNECTIONS'] ?? 1_000);
const PER_SECOND = Number(process.env['ROTATION_CONNECTS_PER_SECOND'] ?? 200);
const EDGES = Number(process.env['ROTATION_EDGES'] ?? 2);
const CONNECTED_AT_ONCE = 20;
/** Of those that connect, in turns. */
const CONNECTING_DEVICES = 500;
/** At which each of them connects once beforehand, so that auth knows them all. */
const WARM_UP_PER_SECOND = 50;
const ROTATIONS = 4;
const BETWEEN_ROTATIONS_MS = 5_000;
/** How soon every edge serves the new chain. */
const WITHIN_MS = 1_000;
/** Of the rate, what has to come through: over all, and after each rotation. */
const LEAST_OF_ALL = 0.95;
const LEAST_OF_A_ROTATION = 0.85;

test.each([
  { what: 'MQTT connects', devices: CONNECTING_DEVICES },
  { what: 'bare handshakes', devices: 0 },
])(
  `a rotation under ${CONNECTIONS} live connections and ${PER_SECOND} $what a second drops nothing`,
  async ({ what, devices: connecting }) => {
    await using gatehouse = await RunningGatehouse.start({ edges: EDGES });
    const { gatewayId, productKey } = await gatehouse.device();
    await gatehouse.api('PATCH', `/gateways/${gatewayId}`, { limits: { connectsPerMinute: null } });
    const devices = await importDevices(gatehouse, productKey, CONNECTIONS + connecting);
    const live = await connectAll(gatehouse.mqttPort, devices.slice(0, CONNECTIONS));
    let drops = 0;
    for (const client of live) client.on('close', () => (drops += 1));

    const target = { host: '127.0.0.1', port: gatehouse.mqttPort, devices: devices.slice(CONNECTIONS) };
    await warmUp(target);

    const beganAt = now();
    await using load = new ProgramProcess<ConnectLoad>('connect-load.js');
    await load.ask('start', { ...target, perSecond: PER_SECOND });
    const groups = [...(await processesOf(gatehouse)), { name: 'clients', pids: [load.pid] }];
    let rotations: readonly Rotation[] = [];
    const cpu = await cpuDuring(groups, async () => {
      rotations = await rotate(gatehouse, gatewayId);
    });
    const endedAt = now();
    const seconds = (endedAt - beganAt) / 1_000;
    const all = await load.ask('stop');

    write(`${what}: ${(all.length / seconds).toFixed(0)} a second for ${seconds.toFixed(0)} s`);
    write(`  CPU ms of a second: ${shares(cpu, seconds * 1_000)}`);
    const times = all.map(({ milliseconds }) => milliseconds);
    write(
      `  ${[0.5, 0.99, 1].map((share) => percentileOf(times, share).toFixed(0)).join(', ')} ms: p50, p99, longest`,
    );
    const failed = all.filter(({ error }) => error !== undefined);
    expect({
      failed: failed.slice(0, 3),
      count: failed.length,
      of: all.length,
      reasons: await failureReasons(gatehouse),
    }).toEqual({ failed: [], count: 0, of: all.length, reasons: {} });
    expect(drops).toBe(0);
    expect(live.filter(({ connected }) => !connected)).toEqual([]);
    /** Of the rate. */
    const throughBetween = (from: number, until: number): number =>
      all.filter((each) => endOf(each) >= from && endOf(each) < until).length /
      (((until - from) / 1_000) * PER_SECOND);
    for (const [index, { answeredAt }] of rotations.entries()) {
      const lastOld = Math.max(
        ...all.filter((each) => chainOf(each, rotations) < index).map(({ startedAt }) => startedAt),
      );
      const lateMs = lastOld - answeredAt;
      write(
        `  rotation ${index + 1}: the last handshake with a former chain began ${lateMs.toFixed(0)} ms after it`,
      );
      expect(lateMs).toBeLessThan(WITHIN_MS);
      const until = rotations[index + 1]?.askedAt ?? endedAt;
      expect(throughBetween(answeredAt, until)).toBeGreaterThan(LEAST_OF_A_ROTATION);
    }
    expect(throughBetween(beganAt, endedAt)).toBeGreaterThan(LEAST_OF_ALL);
    await Promise.all(live.map((client) => client.endAsync(true)));
  },
);

interface Rotation {
  /** When the API was called, in milliseconds since 1970. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly fingerprint: string;
}

const now = (): number => performance.timeOrigin + performance.now();
const write = (line: string): void => void process.stdout.write(`${line}\n`);

const endOf = ({ startedAt, milliseconds }: ConnectSample): number => startedAt + milliseconds;

/** Which rotation brought the certificate that was served; -1 for the first one of all. */
function chainOf({ fingerprint }: ConnectSample, rotations: readonly Rotation[]): number {
  return rotations.findIndex((each) => each.fingerprint === fingerprint);
}

/** How often each reason is found among the newest records of connections that came to no CONNECT. */
async function failureReasons(gatehouse: RunningGatehouse): Promise<Record<string, number>> {
  const { body } = await gatehouse.api('GET', '/connection-attempts?outcome=failed&limit=500');
  const counts: Record<string, number> = {};
  for (const { reason } of body['items'] as readonly { readonly reason: string }[]) {
    // Those that shake hands only.
    if (reason !== 'client-gone') counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function rotate(gatehouse: RunningGatehouse, gatewayId: string): Promise<Rotation[]> {
  const authority = TestAuthority.createRoot();
  const rotations: Rotation[] = [];
  for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
    await wait(BETWEEN_ROTATIONS_MS);
    const issued = authority.issueServer({ commonName: 'localhost' });
    const askedAt = now();
    const { status, body } = await gatehouse.api('PATCH', `/gateways/${gatewayId}`, {
      certificates: { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem },
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    rotations.push({ askedAt, answeredAt: now(), fingerprint: issued.certificate.fingerprint256 });
  }
  await wait(BETWEEN_ROTATIONS_MS);
  return rotations;
}

async function warmUp(target: Omit<ConnectLoadOptions, 'perSecond'>): Promise<void> {
  if (target.devices.length === 0) return;
  await using load = new ProgramProcess<ConnectLoad>('connect-load.js');
  await load.ask('start', { ...target, perSecond: WARM_UP_PER_SECOND });
  await wait((target.devices.length / WARM_UP_PER_SECOND) * 1_000);
  expect((await load.ask('stop')).filter(({ error }) => error !== undefined)).toEqual([]);
}

async function connectAll(port: number, devices: readonly ImportedDevice[]): Promise<MqttClient[]> {
  const clients: MqttClient[] = [];
  for (let start = 0; start < devices.length; start += CONNECTED_AT_ONCE) {
    const portion = devices.slice(start, start + CONNECTED_AT_ONCE);
    clients.push(...(await Promise.all(portion.map((device) => connectDevice(port, device)))));
  }
  return clients;
}

function connectDevice(port: number, device: ImportedDevice): Promise<MqttClient> {
  return connectAsync({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port,
    ...device,
    rejectUnauthorized: false,
    keepalive: 120,
    reconnectPeriod: 0,
    connectTimeout: 60_000,
  });
}
