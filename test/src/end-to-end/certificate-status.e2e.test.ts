import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, opensslProgram } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningGatehouse } from '../running-gatehouse.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
/** Of an answer about a certificate. */
const LIFETIME_SECONDS = 5;
/** So many that each of two edges gets some. */
const DEVICES = Array.from({ length: 16 }, (_, index) => `meter-${index}`);
const STAYS = 'meter-0';

let gatehouse: RunningGatehouse;
let directory: string;
let authorityPath: string;
let port: number;
let gatewayId: string;
const serialNumbers = new Map<string, string>();
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-status-'));
  gatehouse = await RunningGatehouse.start({
    edges: 2,
    environment: {
      REGISTRY_OCSP_VALIDITY_SECONDS: String(LIFETIME_SECONDS),
      GATEHOUSE_OCSP_MIN_SECONDS: '1',
      GATEHOUSE_OCSP_MAX_SECONDS: String(LIFETIME_SECONDS),
    },
  });
  const authority = await post('/authorities', { commonName: 'Meters' });
  authorityPath = `/authorities/${String(authority['authorityId'])}`;
  const ca = String(authority['certificate']);
  await writeFile(at('ca.pem'), ca);
  await sign(
    'server',
    'server',
    '-subj',
    '/CN=localhost',
    '-addext',
    `subjectAltName=DNS:localhost,IP:${HOST}`,
  );
  for (const name of DEVICES) serialNumbers.set(name, await sign(name, 'client', '-subj', `/CN=${name}`));
  port = await freePort();
  const gateway = await post('/gateways', {
    name: 'meters',
    port,
    x509: { enabled: true },
    ocsp: 'client-and-server',
    certificates: {
      serverCertificate: await readFile(at('server.pem'), 'utf8'),
      serverPrivateKey: await readFile(at('server.key'), 'utf8'),
      deviceRootCertificate: ca,
      trustedCertificate: ca,
    },
  });
  gatewayId = String(gateway['gatewayId']);
  await post(`/products/${String(gateway['productKey'])}/devices:import`, {
    devices: DEVICES.map((username) => ({ username, password: 'secret' })),
  });
}, 120_000);

afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function post(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await gatehouse.api('POST', path, body);
  expect({ path, ...answer }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) });
  return answer.body;
}

/** @returns the serial number of the certificate */
async function sign(name: string, usage: string, ...request: readonly string[]): Promise<string> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const files = ['-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`];
  const { command, environment: env } = await opensslProgram();
  await run(command, ['req', '-new', ...key, ...files, ...request], { cwd: directory, env });
  const csr = await readFile(at(`${name}.csr`), 'utf8');
  const { certificate, serialNumber } = await post(`${authorityPath}/certificates`, { csr, usage });
  await writeFile(at(`${name}.pem`), String(certificate));
  return String(serialNumber);
}

async function connect(name: string): Promise<MqttClient> {
  return connectAsync(`mqtts://${HOST}:${port}`, {
    ca: await readFile(at('ca.pem')),
    cert: await readFile(at(`${name}.pem`)),
    key: await readFile(at(`${name}.key`)),
    username: name,
    password: 'secret',
    clientId: name,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
}

/** What `openssl s_client -status` says of the gateway. */
async function sClient(): Promise<string> {
  const device = ['-cert', at('meter-0.pem'), '-key', at('meter-0.key')];
  const args = ['s_client', '-connect', `${HOST}:${port}`, '-CAfile', at('ca.pem'), '-status', ...device];
  const { command, environment: env } = await opensslProgram();
  const client = spawn(command, args, { env });
  let output = '';
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
    20_000,
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

test('devices that are revoked are off when the answer about them ends, on both edges; others stay', async () => {
  const clients = new Map<string, MqttClient>();
  for (const name of DEVICES) clients.set(name, await connect(name));
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
    await post(`${authorityPath}/certificates/${String(serialNumbers.get(name))}:revoke`, {});
  }
  const revokedAt = performance.now();
  expect(await Promise.all(codes)).toEqual(revoked.map(() => 0x87));
  // A little more than the lifetime, for a machine that has much to do.
  expect(performance.now() - revokedAt).toBeLessThan((LIFETIME_SECONDS + 3) * 1_000);
  expect(clients.get(STAYS)?.connected).toBe(true);
  await expect(connect('meter-1')).rejects.toMatchObject({ code: 0x87 });
  await clients.get(STAYS)?.endAsync();
});
