import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import { beforeAll, expect, test } from 'vitest';
import { checkServerCertificate } from './server-certificate.ts';

let issued: IssuedCertificate;
let expired: IssuedCertificate;
let rootPem: string;
const now = new Date();

beforeAll(async () => {
  const authority = await createCertificateAuthority('Example CA');
  rootPem = authority.certificatePem;
  issued = await authority.issueServerCertificate({ commonName: 'localhost', dnsNames: ['localhost'] });
  expired = await authority.issueServerCertificate({ commonName: 'late', days: -1 });
});

const check = (serverCertificate: string, serverPrivateKey: string, at = now) =>
  checkServerCertificate({ serverCertificate, serverPrivateKey }, at);
const failure = (code: string, field: string) =>
  expect.objectContaining({ code, errors: [expect.objectContaining({ path: `certificates.${field}` })] });

test('a chain with its key is taken, and its facts are told', () => {
  const { certificate, privateKeyPem } = check(issued.certificatePem + rootPem, issued.privateKeyPem);
  const leaf = new X509Certificate(issued.certificatePem);
  expect(certificate.chain.map(({ subject }) => subject)).toEqual(['CN=localhost', 'CN=Example CA']);
  expect(certificate.chain[0]).toEqual({
    subject: 'CN=localhost',
    issuer: 'CN=Example CA',
    serialNumber: leaf.serialNumber.toLowerCase(),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
  });
  expect(privateKeyPem).toContain('BEGIN PRIVATE KEY');
});

test('a private key that stands among the certificates goes no further', () => {
  const { certificate } = check(issued.privateKeyPem + issued.certificatePem, issued.privateKeyPem);
  expect(certificate.chainPem).not.toContain('PRIVATE KEY');
  expect(certificate.chain).toHaveLength(1);
});

test.each([
  ['text', 'hello'],
  ['nothing', ''],
  ['PEM that holds no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
])('%s is not a certificate', (_words, pem) => {
  expect(() => check(pem, issued.privateKeyPem)).toThrow(
    failure('REGISTRY_CERTIFICATE_NOT_PEM', 'serverCertificate'),
  );
});

test('a chain that does not go upwards is refused', () => {
  expect(() => check(rootPem + issued.certificatePem, issued.privateKeyPem)).toThrow(
    failure('REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER', 'serverCertificate'),
  );
});

test('a certificate outside its validity is refused with the date', () => {
  expect(() => check(expired.certificatePem, expired.privateKeyPem)).toThrow(
    failure('REGISTRY_CERTIFICATE_EXPIRED', 'serverCertificate'),
  );
  expect(() => check(issued.certificatePem, issued.privateKeyPem, new Date('2020-01-01'))).toThrow(
    failure('REGISTRY_CERTIFICATE_NOT_YET_VALID', 'serverCertificate'),
  );
});

test('the key must be a key, not encrypted, and that of the first certificate', () => {
  expect(() => check(issued.certificatePem, 'hello')).toThrow(
    failure('REGISTRY_PRIVATE_KEY_NOT_PEM', 'serverPrivateKey'),
  );
  expect(() => check(issued.certificatePem, expired.privateKeyPem)).toThrow(
    failure('REGISTRY_PRIVATE_KEY_MISMATCH', 'serverPrivateKey'),
  );
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  });
  expect(() => check(issued.certificatePem, privateKey)).toThrow(
    failure('REGISTRY_PRIVATE_KEY_ENCRYPTED', 'serverPrivateKey'),
  );
});
