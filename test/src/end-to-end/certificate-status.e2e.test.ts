import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { opensslProgram } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answersLasting, OwnAuthority } from '../own-authority.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const HOST = '127.0.0.1';
/** Of an answer about a certificate. */
const LIFETIME_SECONDS = 5;
/** So many that each of two edges gets some. */
const DEVICES = Array.from({ length: 16 }, (_, index) => `meter-${index}`);
const STAYS = 'meter-0';

let gatehouse: RunningGatehouse;
let authority: OwnAuthority;
let port: number;
let gatewayId: string;
const serialNumbers = new Map<string, string>();

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({ edges: 2, environment: answersLasting(LIFETIME_SECONDS) });
  authority = await OwnAuthority.create(gatehouse);
  await authority.signServer();
  for (const name of DEVICES) serialNumbers.set(name, await authority.signDevice(name));
  ({ gatewayId, port } = await authority.openGateway(DEVICES));
});

afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

/** What `openssl s_client -status` says of the gateway. */
async function sClient(): Promise<string> {
  const device = ['-cert', authority.at('meter-0.pem'), '-key', authority.at('meter-0.key')];
  const args = [
    's_client',
    '-connect',
    `${HOST}:${port}`,
    '-CAfile',
    authority.at('ca.pem'),
    '-status',
    ...device,
  ];
  const { command, environment: env } = await opensslProgram();
  const client = spawn(command, args, { env });
  let output = '';
  client.stdin.on('error', () => undefined);
  client.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (/^(?:New|Reused), TLS/m.test(output)) client.stdin.end();
  });
  await new Promise((resolve) => {
    client.on('close', resolve);
  });
  return output;
}

test('openssl is shown the OCSP response of the responder, again and again', async () => {
  const produced = new Set<string>();
  await eventually(
    async () => {
      const output = await sClient();
      expect(output).toContain('OCSP Response Status: successful (0x0)');
      expect(output).toContain('Cert Status: good');
      expect(output).toContain('Verify return code: 0 (ok)');
      produced.add(/Produced At: (.*)/.exec(output)?.[1] ?? '');
      expect(produced.size).toBeGreaterThan(1);
    },
    60_000,
    500,
  );
});

test('the API tells what is stapled', async () => {
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `/gateways/${gatewayId}/certificates`);
    expect(body['staple']).toEqual({
      outcome: 'staple',
      status: 'good',
      mustStaple: false,
      producedAt: expect.any(String),
      thisUpdate: expect.any(String),
      nextUpdate: expect.any(String),
      validUntil: expect.any(String),
      lastError: null,
    });
    expect(body['alternativeStaple']).toBeNull();
  });
});

test('gauges and times of ocsp stand at /metrics, not counts alone', async () => {
  const { processes } = await gatehouse.runFile();
  const url = processes.find(({ name }) => name === 'ocsp')?.url;
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of [
    'responder_call_seconds_count{',
    'host_breaker{',
    'host_calls_waiting{',
    'verifications_waiting{',
    'staple_age_seconds{',
  ]) {
    expect(metrics).toContain(`\ngatehouse_ocsp_${name}`);
  }
});

test('devices that are revoked are off when the answer about them ends, on both edges; others stay', async () => {
  const clients = new Map<string, MqttClient>();
  for (const name of DEVICES) clients.set(name, await authority.connect(name, port));
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', '/connection-attempts?outcome=admitted&limit=100');
    const admitted = (body['items'] as readonly { username: string; edgeId: string }[]).filter(
      ({ username }) => username !== STAYS && DEVICES.includes(username),
    );
    expect(admitted).toHaveLength(DEVICES.length - 1);
    expect(new Set(admitted.map(({ edgeId }) => edgeId)).size).toBe(2);
  });

  const revoked = DEVICES.filter((name) => name !== STAYS);
  const codes = revoked.map(
    (name) =>
      new Promise<number | undefined>((resolve) => {
        clients.get(name)?.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
      }),
  );
  for (const name of revoked) {
    await authority.revoke(serialNumbers.get(name) ?? '');
  }
  const revokedAt = performance.now();
  expect(await Promise.all(codes)).toEqual(revoked.map(() => 0x87));
  // Before a second answer would have ended.
  expect(performance.now() - revokedAt).toBeLessThan(2 * LIFETIME_SECONDS * 1_000);
  expect(clients.get(STAYS)?.connected).toBe(true);
  await expect(authority.connect('meter-1', port)).rejects.toMatchObject({ code: 0x87 });
  await clients.get(STAYS)?.endAsync();
});

test('on this machine ocsp calls the responder of own authorities and nothing else', async () => {
  let connections = 0;
  const other = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, HOST);
  await once(other, 'listening');
  const responderUrl = `http://${HOST}:${(other.address() as AddressInfo).port}/`;
  await gatehouse.api('PATCH', `/gateways/${gatewayId}`, { revocation: { responderUrl } });
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `/gateways/${gatewayId}/certificates`);
    expect(JSON.stringify(body['staple'])).toContain(`${HOST} has no address that may be called`);
  });
  expect(connections).toBe(0);
  other.close();
});
