import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { importDevices, type ImportedDevice } from '../imported-devices.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const CONNECTIONS = Number(process.env['ROTATION_CONNECTIONS'] ?? 1_000);
const HANDSHAKES_PER_SECOND = 200;
const CONNECTED_AT_ONCE = 20;
const ROTATIONS = 4;
const BETWEEN_ROTATIONS_MS = 5_000;
/** How soon every edge serves the new chain. */
const WITHIN_MS = 1_000;
const TICK_MS = 50;
const PER_TICK = HANDSHAKES_PER_SECOND / (1_000 / TICK_MS);
const MAX_UNDER_WAY = 50;

interface Handshake {
  readonly startedAt: number;
  /** SHA-256 of the certificate that was served; undefined when the handshake failed. */
  readonly fingerprint: string | undefined;
  readonly error?: string;
}

test(`a rotation under ${CONNECTIONS} live connections and ${HANDSHAKES_PER_SECOND} handshakes a second drops nothing`, async () => {
  await using gatehouse = await RunningGatehouse.start({ edges: 2 });
  const { gatewayId, productKey } = await gatehouse.device();
  const live = await connectFleet(gatehouse, productKey);
  let drops = 0;
  for (const client of live) client.on('close', () => (drops += 1));

  const handshakes: Promise<Handshake>[] = [];
  const stopping = new AbortController();
  let underWay = 0;
  const beganAt = performance.now();
  const load = (async () => {
    while (!stopping.signal.aborted) {
      // A machine that is too busy for the rate gets a lower one: this is about rotations, not about overload.
      for (let share = 0; share < PER_TICK && underWay < MAX_UNDER_WAY; share += 1) {
        underWay += 1;
        handshakes.push(shakeHands(gatehouse.mqttPort).finally(() => (underWay -= 1)));
      }
      await wait(TICK_MS);
    }
  })();

  const authority = TestAuthority.createRoot();
  const rotations: { readonly patchedAt: number; readonly fingerprint: string }[] = [];
  for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
    await wait(BETWEEN_ROTATIONS_MS);
    const keyType = rotation % 2 === 0 ? 'rsa-2048' : 'p256';
    const issued: TestCertificate = authority.issueServer({ commonName: 'localhost', keyType });
    const { status, body } = await gatehouse.api('PATCH', `/gateways/${gatewayId}`, {
      certificates: { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem },
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    rotations.push({ patchedAt: performance.now(), fingerprint: issued.certificate.fingerprint256 });
  }
  await wait(BETWEEN_ROTATIONS_MS);
  stopping.abort();
  await load;
  const seconds = (performance.now() - beganAt) / 1_000;
  const all = await Promise.all(handshakes);

  const failed = all.filter(({ error }) => error !== undefined);
  expect({
    failed: failed.slice(0, 3),
    count: failed.length,
    of: all.length,
    reasons: await failureReasons(gatehouse),
  }).toEqual({
    failed: [],
    count: 0,
    of: all.length,
    reasons: {},
  });
  expect(drops).toBe(0);
  expect(live.filter(({ connected }) => !connected)).toEqual([]);
  for (const [index, { patchedAt, fingerprint }] of rotations.entries()) {
    const until = rotations[index + 1]?.patchedAt ?? Number.POSITIVE_INFINITY;
    const after = all.filter(
      ({ startedAt }) => startedAt > patchedAt + WITHIN_MS && startedAt < until - WITHIN_MS,
    );
    expect(after.length).toBeGreaterThan(10);
    expect(new Set(after.map((each) => each.fingerprint))).toEqual(new Set([fingerprint]));
    const lastOld = all.findLast(
      (each) => each.startedAt < until - WITHIN_MS && each.fingerprint !== fingerprint,
    );
    process.stdout.write(
      `rotation ${index + 1}: the former chain was served last ${((lastOld?.startedAt ?? patchedAt) - patchedAt).toFixed(0)} ms after the answer to PATCH\n`,
    );
  }
  process.stdout.write(
    `${all.length} handshakes, ${(all.length / seconds).toFixed(0)} a second; ${live.length} live connections\n`,
  );
  await Promise.all(live.map((client) => client.endAsync(true)));
});

/** How often each reason is found among the newest records of connections that came to no CONNECT. */
async function failureReasons(gatehouse: RunningGatehouse): Promise<Record<string, number>> {
  const { body } = await gatehouse.api('GET', '/connection-attempts?outcome=failed&limit=500');
  const counts: Record<string, number> = {};
  for (const { reason } of body['items'] as readonly { readonly reason: string }[]) {
    // Those that shake hands only, as this test does.
    if (reason !== 'client-gone') counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

async function connectFleet(gatehouse: RunningGatehouse, productKey: string): Promise<MqttClient[]> {
  const devices = await importDevices(gatehouse, productKey, CONNECTIONS);
  const clients: MqttClient[] = [];
  for (let start = 0; start < devices.length; start += CONNECTED_AT_ONCE) {
    const portion = devices.slice(start, start + CONNECTED_AT_ONCE);
    clients.push(...(await Promise.all(portion.map((device) => connectDevice(gatehouse.mqttPort, device)))));
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

/** A full handshake; it says which certificate was served. */
function shakeHands(port: number): Promise<Handshake> {
  const startedAt = performance.now();
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
  return new Promise((resolve) => {
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      resolve({ startedAt, fingerprint: certificate?.fingerprint256 });
      socket.end();
    });
    socket.on('error', (error) => resolve({ startedAt, fingerprint: undefined, error: error.message }));
  });
}
