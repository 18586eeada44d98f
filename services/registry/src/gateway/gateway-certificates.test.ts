import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import { beforeAll, expect, test } from 'vitest';
import { DEVICE_INTERMEDIATE, DEVICE_ROOT } from '../testing/device-root-chain.ts';
import { detailsOf, parseCertificates } from './certificate-chain.ts';
import { checkGatewayCertificates } from './gateway-certificates.ts';

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
  checkGatewayCertificates({ serverCertificate, serverPrivateKey }, { now: at });
const problemsOfRoot = (pem: string) =>
  checkGatewayCertificates({ deviceRootCertificate: pem }, { now }).problems;
const problem = (code: string, field: string) =>
  expect.objectContaining({ code, errors: [expect.objectContaining({ path: `certificates.${field}` })] });

test('a chain with its key is taken without its root, and its facts are told', () => {
  const { certificates, privateKeys, problems } = check(
    issued.certificatePem + rootPem,
    issued.privateKeyPem,
  );
  const leaf = new X509Certificate(issued.certificatePem);
  expect(problems).toEqual([]);
  expect(certificates.server?.chain.map(({ subject }) => subject)).toEqual(['CN=localhost']);
  expect(certificates.server?.chain[0]).toEqual({
    subject: 'CN=localhost',
    issuer: 'CN=Example CA',
    serialNumber: leaf.serialNumber.toLowerCase(),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
  });
  expect(privateKeys.server).toContain('BEGIN PRIVATE KEY');
});

test('a private key that stands among the certificates goes no further', () => {
  const { certificates } = check(issued.privateKeyPem + issued.certificatePem, issued.privateKeyPem);
  expect(certificates.server?.chainPem).not.toContain('PRIVATE KEY');
  expect(certificates.server?.chain).toHaveLength(1);
});

test.each([
  ['text', 'hello'],
  ['nothing', ''],
  ['PEM that holds no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
])('%s is not a certificate', (_words, pem) => {
  expect(check(pem, issued.privateKeyPem).problems).toEqual([
    problem('REGISTRY_CERTIFICATE_NOT_PEM', 'serverCertificate'),
  ]);
});

test('a chain that does not go upwards is refused', () => {
  expect(check(rootPem + issued.certificatePem, issued.privateKeyPem).problems).toEqual([
    problem('REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER', 'serverCertificate'),
  ]);
});

test('a certificate outside its validity is refused with the date', () => {
  expect(check(expired.certificatePem, expired.privateKeyPem).problems).toEqual([
    problem('REGISTRY_CERTIFICATE_EXPIRED', 'serverCertificate'),
  ]);
  expect(check(issued.certificatePem, issued.privateKeyPem, new Date('2020-01-01')).problems).toEqual([
    problem('REGISTRY_CERTIFICATE_NOT_YET_VALID', 'serverCertificate'),
  ]);
});

test('the key must be a key, not encrypted, and that of the first certificate', () => {
  expect(check(issued.certificatePem, 'hello').problems).toEqual([
    problem('REGISTRY_PRIVATE_KEY_NOT_PEM', 'serverPrivateKey'),
  ]);
  expect(check(issued.certificatePem, expired.privateKeyPem).problems).toEqual([
    problem('REGISTRY_PRIVATE_KEY_MISMATCH', 'serverPrivateKey'),
  ]);
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  });
  expect(check(issued.certificatePem, privateKey).problems).toEqual([
    problem('REGISTRY_PRIVATE_KEY_ENCRYPTED', 'serverPrivateKey'),
  ]);
});

test('what is wrong with one field does not hide what is wrong with the next', () => {
  const { problems } = checkGatewayCertificates(
    {
      serverCertificate: expired.certificatePem,
      serverPrivateKey: 'hello',
      deviceRootCertificate: issued.certificatePem,
      trustedCertificate: '',
    },
    { now },
  );
  expect(problems).toEqual([
    problem('REGISTRY_CERTIFICATE_EXPIRED', 'serverCertificate'),
    problem('REGISTRY_PRIVATE_KEY_NOT_PEM', 'serverPrivateKey'),
    problem('REGISTRY_CERTIFICATE_NOT_AUTHORITY', 'deviceRootCertificate'),
    problem('REGISTRY_CERTIFICATE_CLIENT_AUTH_MISSING', 'deviceRootCertificate'),
    problem('REGISTRY_CERTIFICATE_ROOT_MISSING', 'deviceRootCertificate'),
    problem('REGISTRY_CERTIFICATE_NOT_PEM', 'trustedCertificate'),
  ]);
});

test('a certificate comes with its key, and the key with its certificate', () => {
  expect(checkGatewayCertificates({ serverCertificate: issued.certificatePem }, { now }).problems).toEqual([
    problem('REGISTRY_GATEWAY_INPUT_INVALID', 'serverPrivateKey'),
  ]);
  expect(checkGatewayCertificates({ serverPrivateKey: issued.privateKeyPem }, { now }).problems).toEqual([
    problem('REGISTRY_GATEWAY_INPUT_INVALID', 'serverCertificate'),
  ]);
});

test('device roots are authorities, each before its issuer, the root last', () => {
  expect(problemsOfRoot(rootPem)).toEqual([]);
  expect(problemsOfRoot(DEVICE_INTERMEDIATE + DEVICE_ROOT)).toEqual([]);
  expect(problemsOfRoot(DEVICE_ROOT + DEVICE_INTERMEDIATE)).toEqual([
    problem('REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER', 'deviceRootCertificate'),
  ]);
  expect(problemsOfRoot(DEVICE_INTERMEDIATE)).toEqual([
    problem('REGISTRY_CERTIFICATE_ROOT_MISSING', 'deviceRootCertificate'),
  ]);
});

test('the key of a certificate is told by type, size and curve', () => {
  const [certificate] = parseCertificates('certificates.serverCertificate', issued.certificatePem);
  expect(detailsOf(certificate)).toMatchObject({
    key: { type: 'ec', bits: null, curve: 'P-256' },
    isCertificateAuthority: false,
    subjectAlternativeNames: 'DNS:localhost',
  });
});
