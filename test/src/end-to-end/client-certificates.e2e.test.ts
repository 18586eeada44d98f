import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mosquittoPrograms, opensslProgram } from '@gatehouse/local-servers';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { attemptOf } from '../connection-attempts.ts';
import {
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { importDevices } from '../imported-devices.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { runWith } from '../run-with.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

let gatehouse: RunningGatehouse;
let authenticator: CustomerAuthenticator;
let devices: CertificateAuthority;
let directory: string;
let asking: TestGateway;
let oneWay: TestGateway;

beforeAll(async () => {
  authenticator = await startCustomerAuthenticator();
  gatehouse = await RunningGatehouse.start({ environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
  devices = await createCertificateAuthority('Device, root');
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-certificates-'));
  const gateways = await TestGateways.of(gatehouse);
  await writeFile(file('ca.pem'), gateways.ca);
  const certificates = { deviceRootCertificate: devices.certificatePem };
  const parameters = [{ key: 'certificate', value: '${cert.cn}|${cert.serial}|${cert.issuer}' }];
  asking = await gateways.open('asking', {
    x509: { enabled: true },
    certificates,
    authentication: authenticator.target({ parameters }),
  });
  oneWay = await gateways.open('one_way', {
    x509: { enabled: true, commonNameMustEqualUsername: true },
    certificates,
  });
});
beforeEach(() => {
  authenticator.requests.length = 0;
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authenticator[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const file = (name: string): string => join(directory, name);

/** @returns where certificate and key are, in one file */
async function certificateOf(commonName: string): Promise<string> {
  const { certificatePem, privateKeyPem } = await devices.issueClientCertificate({ commonName });
  await writeFile(file(`${commonName}.pem`), certificatePem + privateKeyPem);
  return file(`${commonName}.pem`);
}

interface Device {
  readonly username: string;
  readonly password: string;
  readonly certificate: string;
}

/** As a user types it. @throws when mosquitto_pub ends with another code than 0 */
async function publish({ port }: TestGateway, { username, password, certificate }: Device): Promise<void> {
  const { publish: program, environment } = await mosquittoPrograms();
  const args = ['-h', '127.0.0.1', '-p', String(port), '--cafile', file('ca.pem')];
  args.push('--cert', certificate, '--key', certificate, '-i', `client of ${username}`);
  args.push('-u', username, '-P', password, '-q', '1', '-t', 'up/temperature', '-m', '21');
  await runWith(environment, program, args);
}

test('common name, serial number and issuer reach the authenticator as OpenSSL names them', async () => {
  const certificate = await certificateOf('CN001');
  await publish(asking, { username: 'UN001', password: RIGHT_PASSWORD, certificate });

  const { command, environment } = await opensslProgram();
  const args = ['x509', '-in', certificate, '-noout', '-serial', '-issuer', '-nameopt', 'RFC2253'];
  const told = await runWith(environment, command, args);
  const serial = /^serial=([0-9A-F]+)$/m.exec(told)?.[1]?.toLowerCase() ?? '';
  const issuer = /^issuer=(.+)$/m.exec(told)?.[1] ?? '';
  expect(issuer).toBe('CN=Device\\, root');
  expect(authenticator.requests.map(({ body }) => JSON.parse(body))).toEqual([
    {
      username: 'UN001',
      password: RIGHT_PASSWORD,
      certificateCommonName: 'CN001',
      certificate: `CN001|${serial}|${issuer}`,
    },
  ]);
  const { fingerprint256 } = new X509Certificate(await readFile(certificate));
  expect(await attemptOf(gatehouse, { commonName: 'CN001' })).toMatchObject({
    outcome: 'admitted',
    deviceName: 'UN001',
    certificate: {
      commonName: 'CN001',
      serialNumber: serial,
      issuer,
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    },
  });
});

test('a common name that is the user name is let in, with the right password', async () => {
  const [device] = await importDevices(gatehouse, oneWay.productKey, 1);
  const username = device?.username ?? '';
  const password = device?.password ?? '';
  const certificate = await certificateOf(username);
  await publish(oneWay, { username, password, certificate });
  await expect(publish(oneWay, { username, password: 'wrong', certificate })).rejects.toThrow(
    /not authori[sz]ed/i,
  );
  expect(await attemptOf(gatehouse, { username, outcome: 'refused' })).toMatchObject({
    reason: 'wrong-password',
  });
  const others = await certificateOf('somebody-else');
  await expect(publish(oneWay, { username, password, certificate: others })).rejects.toThrow(
    /not authori[sz]ed/i,
  );
  expect(await attemptOf(gatehouse, { commonName: 'somebody-else' })).toMatchObject({
    reason: 'common-name-mismatch',
    connackCode: 5,
  });
});

test('a certificate of another authority is no identity: the authenticator is not asked', async () => {
  const stranger = await createCertificateAuthority('strange root');
  const { certificatePem, privateKeyPem } = await stranger.issueClientCertificate({ commonName: 'CN002' });
  await writeFile(file('strange.pem'), certificatePem + privateKeyPem);
  const device = { username: 'UN002', password: RIGHT_PASSWORD, certificate: file('strange.pem') };
  await expect(publish(asking, device)).rejects.toMatchObject({ code: expect.any(Number) });
  expect(await attemptOf(gatehouse, { reason: 'unknown-ca' })).toMatchObject({
    gatewayId: asking.gatewayId,
    outcome: 'failed',
    certificate: null,
    username: null,
  });
  expect(authenticator.requests).toEqual([]);
});
