import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { opensslProgram } from '@gatehouse/local-servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCertificateRequest } from './certificate-request.ts';
import { ocspCertificateId } from './ocsp-certificate-id.ts';
import { buildOcspRequest, newOcspNonce, readOcspRequest } from './ocsp-request.ts';
import { readOcspResponse } from './ocsp-response.ts';
import { signOcspResponse } from './ocsp-signing.ts';
import { verifyOcspResponse } from './ocsp-verification.ts';
import { readRevocationList } from './revocation-list.ts';
import { signRevocationList } from './revocation-list-signing.ts';
import { TestAuthority } from './test-authority.ts';

const run = promisify(execFile);
const root = TestAuthority.createRoot({ commonName: 'Openssl root' });
const device = root.issueClient({ commonName: 'meter-1' });
const revoked = root.issueClient({ commonName: 'meter-2' });
let directory: string;
const at = (name: string): string => join(directory, name);

async function openssl(...args: readonly string[]): Promise<string> {
  const { command, environment: env } = await opensslProgram();
  const { stdout, stderr } = await run(command, [...args], { cwd: directory, env, timeout: 20_000 });
  return stdout + stderr;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-pki-'));
  await writeFile(at('root.pem'), root.certificatePem);
  await writeFile(at('root.key'), root.privateKeyPem);
  await writeFile(at('device.pem'), device.certificatePem);
  await writeFile(at('revoked.pem'), revoked.certificatePem);
});
afterAll(() => rm(directory, { recursive: true }));

test.each(['sha1', 'sha256'] as const)('openssl asks with %s and is answered', async (hash) => {
  await openssl('ocsp', `-${hash}`, '-issuer', 'root.pem', '-cert', 'device.pem', '-reqout', 'request.der');
  const request = readOcspRequest(await readFile(at('request.der')));
  expect(request.certificateIds).toEqual([ocspCertificateId(device.certificate, root.certificate, hash)]);
  const thisUpdate = new Date();
  const nextUpdate = new Date(Date.now() + 3_600_000);
  const answers = [
    { by: root.responder, says: 'device.pem: good' },
    { by: root.issueResponder(), says: 'device.pem: good' },
    { by: root.issueResponder({ keyType: 'rsa-2048' }), says: 'device.pem: good' },
    { by: { ...root.issueResponder({ keyType: 'ed25519' }), nameBy: 'name' }, says: 'device.pem: good' },
    { by: root.responder, status: 'revoked', says: 'device.pem: revoked' },
    { by: root.responder, status: 'unknown', says: 'device.pem: unknown' },
  ] as const;
  for (const { by, says, ...odd } of answers) {
    const der = signOcspResponse(by, {
      producedAt: thisUpdate,
      nonce: request.nonce ?? undefined,
      statements: request.certificateIds.map((certificateId) => ({
        certificateId,
        status: 'status' in odd ? odd.status : 'good',
        thisUpdate,
        nextUpdate,
        revokedAt: thisUpdate,
        revocationReason: 'superseded',
      })),
    });
    await writeFile(at('response.der'), der);
    const ask = ['-no_nonce', '-issuer', 'root.pem', '-cert', 'device.pem', `-CAfile`, 'root.pem'];
    const said = await openssl('ocsp', `-${hash}`, ...ask, '-respin', 'response.der');
    expect(said).toContain('Response verify OK');
    expect(said).toContain(says);
  }
});

test('openssl answers and is believed', async () => {
  const row = (certificate: typeof device.certificate, status: string): string =>
    `${status}\t301231235959Z\t${status === 'R' ? '250101000000Z,keyCompromise' : ''}\t${certificate.serialNumber}\tunknown\t/CN=x\n`;
  await writeFile(at('index.txt'), row(device.certificate, 'V') + row(revoked.certificate, 'R'));
  const signer = root.issueResponder();
  await writeFile(at('responder.pem'), signer.certificatePem);
  await writeFile(at('responder.key'), signer.privateKeyPem);
  const nonce = newOcspNonce();
  for (const [subject, status] of [
    [device, 'good'],
    [revoked, 'revoked'],
  ] as const) {
    const question = { certificate: subject.certificate, issuer: root.certificate };
    await writeFile(at('request.der'), buildOcspRequest({ ...question, nonce }));
    await openssl(
      'ocsp',
      '-index',
      'index.txt',
      '-CA',
      'root.pem',
      '-rsigner',
      'responder.pem',
      '-rkey',
      'responder.key',
      '-reqin',
      'request.der',
      '-respout',
      'response.der',
      '-ndays',
      '1',
    );
    const response = readOcspResponse(await readFile(at('response.der')));
    const verdict = verifyOcspResponse(response, {
      ...question,
      nonce,
      isNonceRequired: true,
      now: new Date(),
    });
    expect(verdict).toMatchObject({ outcome: 'trusted', status: { status } });
  }
});

test('openssl believes a revocation list, and one of its own is read', async () => {
  const der = signRevocationList(root, {
    number: 7,
    thisUpdate: new Date(),
    nextUpdate: new Date(Date.now() + 3_600_000),
    entries: [
      {
        serialNumber: revoked.certificate.serialNumber.toLowerCase(),
        revokedAt: new Date(),
        reason: 'keyCompromise',
      },
    ],
  });
  await writeFile(at('list.der'), der);
  await openssl('crl', '-inform', 'DER', '-in', 'list.der', '-out', 'list.pem');
  const check = ['verify', '-crl_check', '-CAfile', 'root.pem', '-CRLfile', 'list.pem'];
  expect(await openssl(...check, 'device.pem')).toContain('device.pem: OK');
  await expect(openssl(...check, 'revoked.pem')).rejects.toThrow(/certificate revoked/);
  expect(await openssl('crl', '-in', 'list.pem', '-noout', '-crlnumber')).toMatch(/07/);

  await openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'again.der');
  expect([...readRevocationList(await readFile(at('again.der'))).entries.keys()]).toEqual([
    revoked.certificate.serialNumber.toLowerCase(),
  ]);
});

test('a request of openssl is read', async () => {
  await openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'new.key',
    '-out',
    'new.csr',

    '-subj',
    '/O=Example/CN=mqtt.example.com',
    '-addext',
    'subjectAltName=DNS:mqtt.example.com,IP:192.0.2.1',
  );
  expect(readCertificateRequest(await readFile(at('new.csr'), 'utf8'))).toMatchObject({
    commonName: 'mqtt.example.com',
    signature: 'valid',
    dnsNames: ['mqtt.example.com'],
    ipAddresses: ['192.0.2.1'],
  });
});

test('openssl knows every extension of what is issued', async () => {
  const intermediate = root.createIntermediate({
    pathLength: 0,
    permittedNames: { dnsNames: ['example.com'] },
    excludedNames: { dnsNames: ['secret.example.com'] },
  });
  const server = intermediate.issueServer({
    commonName: 'mqtt.example.com',
    keyType: 'rsa-3072',
    ocspUrl: 'http://127.0.0.1/ocsp',
    crlUrl: 'http://127.0.0.1/crl',
    mustStaple: true,
  });
  await writeFile(at('chain.pem'), intermediate.certificatePem);
  await writeFile(at('server.pem'), server.certificatePem);
  const said = await openssl('x509', '-in', 'server.pem', '-noout', '-text');
  for (const part of ['OCSP - URI:http://127.0.0.1/ocsp', 'URI:http://127.0.0.1/crl', 'status_request']) {
    expect(said).toContain(part);
  }
  const verified = await openssl(
    'verify',
    '-x509_strict',
    '-CAfile',
    'root.pem',
    '-untrusted',
    'chain.pem',
    'server.pem',
  );
  expect(verified).toContain('server.pem: OK');
});
