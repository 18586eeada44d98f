import { generateKeyPairSync } from 'node:crypto';
import { buildCertificateRequest, type CertificateRequestToBuild } from '@gatehouse/pki';
import { expect, test } from 'vitest';
import { acceptRequest } from './certificate-request-rules.ts';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const key = ec('P-256');
const strong = rsa(2_048);
const csr = (more: Partial<CertificateRequestToBuild> = {}): string =>
  buildCertificateRequest({ commonName: 'meter-1', key, ...more });

test.each([
  ['P-256', key],
  ['P-384', ec('P-384')],
  ['P-521', ec('P-521')],
  ['RSA of 2048 bits', strong],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
])('a device may have a key of %s', (_title, privateKey) => {
  expect(acceptRequest(csr({ key: privateKey }), 'client')).toMatchObject({ commonName: 'meter-1' });
});

test.each<[string, string, string]>([
  ['text', 'hello', 'REGISTRY_CSR_MALFORMED'],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', 'REGISTRY_CSR_MALFORMED'],
  ['RSA of 1024 bits', csr({ key: rsa(1_024) }), 'REGISTRY_CSR_WEAK'],
  ['a curve that TLS clients do not know', csr({ key: ec('secp256k1') }), 'REGISTRY_CSR_WEAK'],
  ['a signature with SHA-1', csr({ key: strong, hash: 'sha1' }), 'REGISTRY_CSR_WEAK'],
  [
    'the key of somebody else',
    csr({ publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey }),
    'REGISTRY_CSR_SIGNATURE_INVALID',
  ],
  ['no common name', csr({ commonName: null }), 'REGISTRY_CSR_NAME_INVALID'],
  ['a common name of 65 characters', csr({ commonName: 'x'.repeat(65) }), 'REGISTRY_CSR_NAME_INVALID'],
  ['a common name with a line break', csr({ commonName: 'a\nb' }), 'REGISTRY_CSR_NAME_INVALID'],
])('a request with %s is refused', (_title, pem, code) => {
  expect(() => acceptRequest(pem, 'client')).toThrow(expect.objectContaining({ code }));
});

test.each<[string, Partial<CertificateRequestToBuild>]>([
  ['without names', {}],
  ['for a name with a space', { dnsNames: ['mqtt example.com'] }],
  ['for a wildcard in the middle', { dnsNames: ['mqtt.*.example.com'] }],
  ['for 101 names', { dnsNames: Array.from({ length: 101 }, (_, index) => `a${index}.example.com`) }],
])('a server is refused a certificate %s', (_title, more) => {
  expect(() => acceptRequest(csr(more), 'server')).toThrow(
    expect.objectContaining({ code: 'REGISTRY_CSR_NAME_INVALID' }),
  );
});
