import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AuthorityView, IssuedCertificateView } from '@gatehouse/contracts';
import {
  buildCertificateRequest,
  buildOcspRequest,
  newOcspNonce,
  readOcspResponse,
  readRevocationList,
  TestAuthority,
  verifyOcspResponse,
  verifyRevocationList,
  type OcspVerdict,
} from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { opensslProgram } from '@gatehouse/local-servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';

const run = promisify(execFile);
const actor = { actor: 'api-key:test' };
let database: TestDatabase;
let domain: RegistryDomain;
let now = new Date();
let directory: string;
const key = TestAuthority.createRoot().issueClient().key;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-authority-'));
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32), clock: () => now });
});
afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const at = (name: string): string => join(directory, name);
const openssl = async (...args: string[]) => {
  const { command, environment: env } = await opensslProgram();
  return run(command, args, { cwd: directory, env });
};

const create = (commonName = 'Devices'): Promise<AuthorityView> =>
  domain.authorityCommands.create({ commonName, days: 3_650 }, actor);

function issue(
  authorityId: string,
  more: { csr?: string; usage?: 'client' | 'server'; days?: number } = {},
): Promise<IssuedCertificateView> {
  const csr = more.csr ?? buildCertificateRequest({ commonName: 'meter-1', key });
  return domain.issuedCertificateCommands.issue(
    authorityId,
    { csr, usage: 'client', days: 365, ...more },
    actor,
  );
}

const revoke = (authorityId: string, serialNumber: string): Promise<IssuedCertificateView> =>
  domain.issuedCertificateCommands.revoke(authorityId, serialNumber, {
    reason: 'keyCompromise',
    context: actor,
  });

interface Asked {
  readonly verdict: OcspVerdict;
  readonly maxAgeSeconds: number;
  readonly response: string;
}

async function ask(authority: AuthorityView, certificatePem: string, nonce?: Uint8Array): Promise<Asked> {
  const question = {
    certificate: new X509Certificate(certificatePem),
    issuer: new X509Certificate(authority.certificate),
    ...(nonce === undefined ? {} : { nonce }),
  };
  const answer = await domain.ocspAnswers.answer(authority.authorityId, buildOcspRequest(question));
  if (answer.outcome !== 'answered') throw new Error(answer.outcome);
  const response = readOcspResponse(Buffer.from(answer.response, 'base64'));
  const verdict = verifyOcspResponse(response, { ...question, now, isNonceRequired: nonce !== undefined });
  return { verdict, ...answer };
}

test('a request of openssl becomes a certificate that openssl verifies', async () => {
  const authority = await create('Devices of plant east');
  await openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'k',
    '-out',
    'csr',
    '-subj',
    '/O=x/CN=pump 7',
  );
  const issued = await issue(authority.authorityId, { csr: await readFile(at('csr'), 'utf8') });
  await writeFile(at('ca.pem'), authority.certificate);
  await writeFile(at('device.pem'), issued.certificate);
  const verify = ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'ca.pem'];
  expect((await openssl(...verify, 'device.pem')).stdout).toContain('device.pem: OK');
  expect(issued).toMatchObject({ commonName: 'pump 7', usage: 'client', revokedAt: null });
  const certificate = new X509Certificate(issued.certificate);
  expect(certificate.subject).toBe('CN=pump 7');
  expect(certificate.infoAccess).toContain(
    `OCSP - URI:http://ocsp.example.com/ocsp/${authority.authorityId}`,
  );
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);

  const list = async (name: string): Promise<void> => {
    const reply = await domain.revocationLists.current(authority.authorityId);
    if (reply.outcome !== 'found') throw new Error(reply.outcome);
    await writeFile(at('list.der'), Buffer.from(reply.crl, 'base64'));
    await openssl('crl', '-inform', 'DER', '-in', 'list.der', '-out', name);
  };
  await list('before.pem');
  expect((await openssl(...verify, '-crl_check', '-CRLfile', 'before.pem', 'device.pem')).stdout).toContain(
    'OK',
  );
  await revoke(authority.authorityId, issued.serialNumber);
  await list('after.pem');
  await expect(openssl(...verify, '-crl_check', '-CRLfile', 'after.pem', 'device.pem')).rejects.toThrow(
    /revoked/,
  );
});

test('a server keeps the names of its request; a device has none', async () => {
  const { authorityId } = await create();
  const csr = buildCertificateRequest({
    commonName: 'mqtt.example.com',
    key,
    dnsNames: ['mqtt.example.com', '*.mqtt.example.com'],
    ipAddresses: ['192.0.2.7'],
  });
  const server = new X509Certificate((await issue(authorityId, { csr, usage: 'server' })).certificate);
  expect(server.subjectAltName).toBe('DNS:mqtt.example.com, DNS:*.mqtt.example.com, IP Address:192.0.2.7');
  expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const client = new X509Certificate((await issue(authorityId, { csr })).certificate);
  expect(client.subjectAltName).toBeUndefined();
});

test('nothing outlives its authority', async () => {
  const authority = await domain.authorityCommands.create({ commonName: 'Short', days: 10 }, actor);
  const issued = await issue(authority.authorityId, { days: 365 });
  expect(issued.notAfter).toBe(authority.notAfter);
  now = new Date(now.getTime() + 11 * 86_400_000);
  await expect(issue(authority.authorityId)).rejects.toMatchObject({ code: 'REGISTRY_AUTHORITY_EXPIRED' });
  now = new Date();
});

test('the answer is good, then revoked at once, and unknown for what was never issued', async () => {
  const authority = await create();
  const { certificate, serialNumber } = await issue(authority.authorityId);
  const good = await ask(authority, certificate);
  expect(good.verdict).toMatchObject({ outcome: 'trusted', status: { status: 'good' } });
  expect(good.maxAgeSeconds).toBeGreaterThan(3_500);
  expect((await ask(authority, certificate)).response).toBe(good.response);

  const revoked = await revoke(authority.authorityId, serialNumber);
  expect(revoked).toMatchObject({ revocationReason: 'keyCompromise' });
  expect(await revoke(authority.authorityId, serialNumber)).toEqual(revoked);
  expect((await ask(authority, certificate)).verdict).toMatchObject({
    outcome: 'trusted',
    status: { status: 'revoked', revocationReason: 'keyCompromise' },
  });

  // The authority's own serial number is one that it has not issued to anybody.
  expect((await ask(authority, authority.certificate)).verdict).toMatchObject({
    outcome: 'trusted',
    status: { status: 'unknown' },
  });
});

test('a nonce comes back, and such an answer is kept by nobody', async () => {
  const authority = await create();
  const { certificate } = await issue(authority.authorityId);
  const { verdict, maxAgeSeconds } = await ask(authority, certificate, newOcspNonce());
  expect(verdict).toMatchObject({ outcome: 'trusted', status: { status: 'good' } });
  expect(maxAgeSeconds).toBe(0);
});

test('an answer is signed anew when half of its life is over', async () => {
  const authority = await create();
  const { certificate } = await issue(authority.authorityId);
  const first = await ask(authority, certificate);
  now = new Date(now.getTime() + 1_900_000);
  const second = await ask(authority, certificate);
  expect(second.response).not.toBe(first.response);
  expect(second.maxAgeSeconds).toBeGreaterThan(3_500);
  now = new Date();
});

test('who asks an authority about the certificates of another is turned away', async () => {
  const [authority, other] = [await create(), await create()];
  const { certificate } = await issue(other.authorityId);
  const der = buildOcspRequest({
    certificate: new X509Certificate(certificate),
    issuer: new X509Certificate(other.certificate),
  });
  const statusOf = async (authorityId: string, bytes: Uint8Array): Promise<string> => {
    const answer = await domain.ocspAnswers.answer(authorityId, bytes);
    if (answer.outcome !== 'answered') return answer.outcome;
    return readOcspResponse(Buffer.from(answer.response, 'base64')).status;
  };
  expect(await statusOf(authority.authorityId, der)).toBe('unauthorized');
  expect(await statusOf(authority.authorityId, new Uint8Array([1, 2, 3]))).toBe('malformedRequest');
  expect(await statusOf('ca-nobody', der)).toBe('unknown-authority');
  expect(await domain.revocationLists.current('ca-nobody')).toEqual({ outcome: 'unknown-authority' });
});

test('the number of a list grows with each revocation, and lists are kept until then', async () => {
  const authority = await create();
  const { authorityId } = authority;
  const issued = await issue(authorityId);
  const current = async () => {
    const reply = await domain.revocationLists.current(authorityId);
    if (reply.outcome !== 'found') throw new Error(reply.outcome);
    return readRevocationList(Buffer.from(reply.crl, 'base64'));
  };
  const first = await current();
  expect(await current()).toEqual(first);
  await revoke(authorityId, issued.serialNumber);
  const both = await Promise.all([current(), current()]);
  expect(both.map(({ number }) => number)).toEqual(['02', '02']);
  const [second] = both;
  const verdict = verifyRevocationList(second, {
    certificate: new X509Certificate(issued.certificate),
    issuer: new X509Certificate(authority.certificate),
    now,
  });
  expect(verdict).toMatchObject({
    outcome: 'trusted',
    status: 'revoked',
    entry: { reason: 'keyCompromise' },
  });
  now = new Date(now.getTime() + 1_900_000);
  expect((await current()).number).toBe('03');
  now = new Date();
});

test('certificates are listed by serial number, page by page', async () => {
  const { authorityId } = await create();
  const issued = await Promise.all([issue(authorityId), issue(authorityId), issue(authorityId)]);
  const serials = issued.map(({ serialNumber }) => serialNumber).toSorted();
  const first = await domain.issuedCertificates.list(authorityId, { limit: 2 });
  expect(first).toMatchObject({ next: serials[1], items: [{}, {}] });
  const rest = await domain.issuedCertificates.list(authorityId, { limit: 2, after: first.next ?? '' });
  expect([...first.items, ...rest.items].map(({ serialNumber }) => serialNumber)).toEqual(serials);
  expect(rest.next).toBeNull();
  await expect(domain.issuedCertificates.get(authorityId, '00ff')).rejects.toMatchObject({
    code: 'REGISTRY_ISSUED_CERTIFICATE_NOT_FOUND',
  });
});

test('two revocations at once are both in the list', async () => {
  const { authorityId } = await create();
  const issued = await Promise.all([issue(authorityId), issue(authorityId), issue(authorityId)]);
  await Promise.all(issued.map(({ serialNumber }) => revoke(authorityId, serialNumber)));
  const reply = await domain.revocationLists.current(authorityId);
  if (reply.outcome !== 'found') throw new Error(reply.outcome);
  expect(readRevocationList(Buffer.from(reply.crl, 'base64')).entries.size).toBe(3);
});

test('a deleted authority takes its key and all that it issued with it', async () => {
  const { authorityId } = await create();
  await issue(authorityId);
  await domain.authorityCommands.delete(authorityId, actor);
  for (const table of [
    'authority_view',
    'issued_certificate_view',
    'authority_secret',
    'authority_revocation_list',
  ] as const) {
    const rows = await domain.db
      .selectFrom(table)
      .selectAll()
      .where('authority_id', '=', authorityId)
      .execute();
    expect(rows).toEqual([]);
  }
  await expect(issue(authorityId)).rejects.toMatchObject({ code: 'REGISTRY_AUTHORITY_NOT_FOUND' });
  await expect(domain.authorityCommands.delete(authorityId, actor)).rejects.toMatchObject({
    code: 'REGISTRY_AUTHORITY_NOT_FOUND',
  });
});
