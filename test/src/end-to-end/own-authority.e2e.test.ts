import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningGatehouse } from '../running-gatehouse.ts';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const DEVICE = 'meter-1';
/** A revocation is noticed after that. */
const LIFETIME_SECONDS = 5;

let gatehouse: RunningGatehouse;
let directory: string;
let authority: Readonly<Record<string, unknown>>;
let serialNumber: string;
let port: number;
const at = (name: string): string => join(directory, name);
const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: directory, timeout: 20_000 });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-own-authority-'));
  gatehouse = await RunningGatehouse.start({
    environment: {
      REGISTRY_OCSP_VALIDITY_SECONDS: String(LIFETIME_SECONDS),
      GATEHOUSE_OCSP_MIN_SECONDS: '1',
      GATEHOUSE_OCSP_MAX_SECONDS: String(LIFETIME_SECONDS),
    },
  });
  authority = await post('/authorities', { commonName: 'Meters' });
  await writeFile(at('ca.pem'), String(authority['certificate']));
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function post(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await gatehouse.api('POST', path, body);
  expect({ path, ...answer }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) });
  return answer.body;
}

async function sign(name: string, usage: string, ...request: readonly string[]): Promise<string> {
  await openssl('req', '-new', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, ...request);
  const csr = await readFile(at(`${name}.csr`), 'utf8');
  const path = `/authorities/${String(authority['authorityId'])}/certificates`;
  const { certificate, serialNumber: serial } = await post(path, { csr, usage });
  await writeFile(at(`${name}.pem`), String(certificate));
  return String(serial);
}

async function status(): Promise<string> {
  const url = String(authority['ocspUrl']);
  const ask = ['-issuer', 'ca.pem', '-cert', 'device.pem', '-CAfile', 'ca.pem', '-url', url];
  const { stdout, stderr } = await openssl('ocsp', ...ask);
  expect(stdout + stderr).toContain('Response verify OK');
  return stdout;
}

async function connect(): Promise<MqttClient> {
  return connectAsync(`mqtts://${HOST}:${port}`, {
    ca: await readFile(at('ca.pem')),
    cert: await readFile(at('device.pem')),
    key: await readFile(at('device.key')),
    username: DEVICE,
    password: 'secret',
    clientId: DEVICE,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
}

test('requests of openssl become certificates that openssl verifies', async () => {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  serialNumber = await sign('device', 'client', ...curve, '-subj', `/CN=${DEVICE}`);
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:localhost,IP:${HOST}`];
  await sign('server', 'server', '-newkey', 'rsa:2048', ...names);
  const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose'];
  expect((await openssl(...verify, 'sslclient', 'device.pem')).stdout).toContain('OK');
  expect((await openssl(...verify, 'sslserver', 'server.pem')).stdout).toContain('OK');
  expect(await status()).toContain('device.pem: good');
});

test('a device with such a certificate connects, and is off soon after it is revoked', async () => {
  port = await freePort();
  const ca = await readFile(at('ca.pem'), 'utf8');
  const { gatewayId, productKey } = await post('/gateways', {
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
  await post(`/products/${String(productKey)}/devices:import`, {
    devices: [{ username: DEVICE, password: 'secret' }],
  });
  const client = await eventually(connect, 20_000);
  await client.publishAsync('up/temperature', '21.5', { qos: 1 });
  const disconnected = new Promise<number | undefined>((resolve) => {
    client.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
  });

  const { authorityId } = authority;
  expect((await gatehouse.api('DELETE', `/authorities/${String(authorityId)}`)).body).toMatchObject({
    code: 'REGISTRY_AUTHORITY_IN_USE',
    detail: expect.stringContaining(String(gatewayId)),
  });
  const path = `/authorities/${String(authorityId)}/certificates/${serialNumber}`;
  await post(`${path}:revoke`, { reason: 'keyCompromise' });
  expect(await status()).toMatch(/device\.pem: revoked[^]*keyCompromise/);
  const revokedAt = performance.now();
  expect(await disconnected).toBe(0x87);
  // Some more than the lifetime of the answer, for a machine that has much to do.
  expect(performance.now() - revokedAt).toBeLessThan((LIFETIME_SECONDS + 10) * 1_000);
  await expect(connect()).rejects.toThrow(/not authorized/i);
}, 60_000);
