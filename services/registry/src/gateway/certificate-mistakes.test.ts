import { generateKeyPairSync } from 'node:crypto';
import {
  extensionOf,
  TestAuthority,
  type TestCertificate,
  type TestCertificateRequest,
} from '@gatehouse/pki';
import { expect, test } from 'vitest';
import { checkGatewayCertificates } from './gateway-certificates.ts';

const now = new Date();
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
const NULL = new Uint8Array([5, 0]);
const root = TestAuthority.createRoot();
const middle = root.createIntermediate({ commonName: 'A' });
const lower = middle.createIntermediate({ commonName: 'B' });
const leaf = lower.issueServer();
const chain = lower.chainPem(leaf);
const other = TestAuthority.createRoot({ commonName: 'Another root' });

const codesOf = (input: Parameters<typeof checkGatewayCertificates>[0], at = now): string[] =>
  checkGatewayCertificates(input, { now: at }).problems.map(({ code }) => code.replace('REGISTRY_', ''));
const ofServer = (serverCertificate: string, { privateKeyPem }: { privateKeyPem: string }): string[] =>
  codesOf({ serverCertificate, serverPrivateKey: privateKeyPem });
const server = (request: Partial<TestCertificateRequest>, issuer = root): string[] => {
  const issued = issuer.issueServer(request);
  return ofServer(issuer.chainPem(issued), issued);
};
const below = (authority: TestAuthority): string[] => {
  const issued = authority.issueServer();
  return ofServer(authority.chainPem(issued), issued);
};
const pem = (...certificates: readonly Pick<TestCertificate, 'certificatePem'>[]): string =>
  certificates.map(({ certificatePem }) => certificatePem).join('');
const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
}).privateKey;
const keyOf = (type: 'k256' | 'p224' | 'dsa' | 'x9') =>
  type === 'dsa'
    ? generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: type === 'p224' ? 'secp224r1' : 'secp256k1' }).privateKey;
const sm2 = () => generateKeyPairSync('ec', { namedCurve: 'SM2' }).privateKey;
const tampered = (): string => {
  const bytes = Buffer.from(leaf.certificate.raw);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
};

const KEYS = ['rsa-2048', 'rsa-3072', 'p256', 'p384', 'ed25519'] as const;
test.each(KEYS)('a good chain with a key of %s is taken', (keyType) => {
  expect(server({ keyType }, lower)).toEqual([]);
});

test.each<[mistake: string, found: () => string[], codes: string[]]>([
  ['text', () => ofServer('hello', leaf), ['CERTIFICATE_NOT_PEM']],
  [
    'DER that is cut off',
    () => ofServer(chain.replace(/.{30}\n-----END/, '\n-----END'), leaf),
    ['CERTIFICATE_NOT_PEM'],
  ],
  [
    'eleven certificates',
    () => ofServer(pem(...Array.from({ length: 11 }, () => leaf)), leaf),
    ['CERTIFICATES_EXCEEDED'],
  ],
  [
    'a key that is none',
    () => codesOf({ serverCertificate: chain, serverPrivateKey: 'hello' }),
    ['PRIVATE_KEY_NOT_PEM'],
  ],
  [
    'an encrypted key',
    () => codesOf({ serverCertificate: chain, serverPrivateKey: encrypted }),
    ['PRIVATE_KEY_ENCRYPTED'],
  ],
  ['the key of another', () => ofServer(chain, other), ['PRIVATE_KEY_MISMATCH']],
  ['the key of its issuer', () => ofServer(chain, lower), ['PRIVATE_KEY_MISMATCH']],
  [
    'intermediates the wrong way round',
    () => ofServer(pem(leaf, middle, lower), leaf),
    ['CERTIFICATE_CHAIN_OUT_OF_ORDER'],
  ],
  [
    'the whole chain upside down',
    () => ofServer(pem(root, middle, lower, leaf), leaf),
    ['CERTIFICATE_CHAIN_OUT_OF_ORDER'],
  ],
  ['a missing intermediate', () => ofServer(pem(leaf, middle), leaf), ['CERTIFICATE_INTERMEDIATE_MISSING']],
  ['a root above a gap', () => ofServer(pem(leaf, root), leaf), ['CERTIFICATE_INTERMEDIATE_MISSING']],
  [
    'the leaf of another',
    () => ofServer(pem(leaf, lower, other.issueServer()), leaf),
    ['CERTIFICATE_UNRELATED'],
  ],
  [
    'the root of another after its own',
    () => ofServer(pem(leaf, lower, middle, root, other), leaf),
    ['CERTIFICATE_UNRELATED'],
  ],
  [
    'a signature that was changed',
    () => ofServer(tampered() + lower.certificatePem, leaf),
    ['CERTIFICATE_SIGNATURE_INVALID'],
  ],
  [
    'an issuer of the same name with another key',
    () => {
      const twin = middle.createIntermediate({ commonName: 'B' });
      return ofServer(pem(leaf, twin), leaf);
    },
    ['CERTIFICATE_SIGNATURE_INVALID'],
  ],
  [
    'a leaf that has expired',
    () => server({ notBefore: inDays(-9), notAfter: inDays(-1) }),
    ['CERTIFICATE_EXPIRED'],
  ],
  ['a leaf of tomorrow', () => server({ notBefore: inDays(1) }), ['CERTIFICATE_NOT_YET_VALID']],
  [
    'an intermediate that has expired',
    () => below(root.createIntermediate({ notBefore: inDays(-9), notAfter: inDays(-1) })),
    ['CERTIFICATE_EXPIRED'],
  ],
  [
    'an intermediate of tomorrow',
    () => below(root.createIntermediate({ notBefore: inDays(1) })),
    ['CERTIFICATE_NOT_YET_VALID'],
  ],
  ['RSA with 1,024 bits', () => server({ keyType: 'rsa-1024' }), ['CERTIFICATE_KEY_WEAK']],
  [
    'an intermediate with RSA of 1,024 bits',
    () => below(root.createIntermediate({ keyType: 'rsa-1024' })),
    ['CERTIFICATE_KEY_WEAK'],
  ],
  ['DSA', () => server({ key: keyOf('dsa') }), ['CERTIFICATE_KEY_WEAK']],
  ['secp256k1', () => server({ key: keyOf('k256') }), ['CERTIFICATE_KEY_UNSUPPORTED']],
  ['P-224', () => server({ key: keyOf('p224') }), ['CERTIFICATE_KEY_UNSUPPORTED']],
  ['Ed448', () => server({ key: generateKeyPairSync('ed448').privateKey }), ['CERTIFICATE_KEY_UNSUPPORTED']],
  ['SM2', () => server({ key: sm2() }), ['CERTIFICATE_SM2_UNSUPPORTED']],
  ['a signature with SHA-1', () => server({ hash: 'sha1' }), ['CERTIFICATE_SIGNATURE_WEAK']],
  [
    'a signature with SHA-1 above it',
    () => below(root.createIntermediate({ hash: 'sha1' })),
    ['CERTIFICATE_SIGNATURE_WEAK'],
  ],
  [
    'a certificate of clients',
    () => server({ extendedKeyUsages: ['clientAuth'] }),
    ['CERTIFICATE_SERVER_AUTH_MISSING'],
  ],
  [
    'an intermediate for clients only',
    () => below(root.createIntermediate({ extendedKeyUsages: ['clientAuth'] })),
    ['CERTIFICATE_SERVER_AUTH_MISSING'],
  ],
  [
    'an authority as leaf',
    () => ofServer(pem(lower, middle), lower),
    ['CERTIFICATE_LEAF_IS_AUTHORITY', 'CERTIFICATE_DIGITAL_SIGNATURE_MISSING'],
  ],
  [
    'a leaf that may not sign',
    () => server({ keyUsages: ['keyEncipherment'] }),
    ['CERTIFICATE_DIGITAL_SIGNATURE_MISSING'],
  ],
  [
    'an issuer without basic constraints',
    () => below(root.createIntermediate({ isAuthority: undefined })),
    ['CERTIFICATE_NOT_AUTHORITY'],
  ],
  [
    'an issuer without the CA bit',
    () => below(root.createIntermediate({ isAuthority: false })),
    ['CERTIFICATE_NOT_AUTHORITY'],
  ],
  [
    'an issuer without keyCertSign',
    () => below(root.createIntermediate({ keyUsages: ['cRLSign'] })),
    ['CERTIFICATE_KEY_CERT_SIGN_MISSING'],
  ],
  [
    'a path that is too long',
    () => below(root.createIntermediate({ commonName: 'C', pathLength: 0 }).createIntermediate()),
    ['CERTIFICATE_PATH_LENGTH_EXCEEDED'],
  ],
  [
    'a name that an intermediate does not permit',
    () => below(root.createIntermediate({ permittedNames: { dnsNames: ['example.org'] } })),
    ['CERTIFICATE_NAME_NOT_ALLOWED'],
  ],
  [
    'a name that an intermediate excludes',
    () =>
      server(
        { dnsNames: ['mqtt.example.com'] },
        root.createIntermediate({ excludedNames: { dnsNames: ['example.com'] } }),
      ),
    ['CERTIFICATE_NAME_NOT_ALLOWED'],
  ],
  [
    'an unknown critical extension',
    () => server({ moreExtensions: [extensionOf('1.2.3.4', NULL, true)] }),
    ['CERTIFICATE_CRITICAL_EXTENSION_UNKNOWN'],
  ],
  [
    'an unknown critical extension above it',
    () => below(root.createIntermediate({ moreExtensions: [extensionOf('1.2.3.4', NULL, true)] })),
    ['CERTIFICATE_CRITICAL_EXTENSION_UNKNOWN'],
  ],
  [
    'an extension that is there twice',
    () => server({ moreExtensions: [extensionOf('1.2.3.4', NULL), extensionOf('1.2.3.4', NULL)] }),
    ['CERTIFICATE_MALFORMED'],
  ],
  [
    'an extension that cannot be read',
    () => server({ extendedKeyUsages: undefined, moreExtensions: [extensionOf('2.5.29.37', NULL)] }),
    ['CERTIFICATE_MALFORMED'],
  ],
])('%s is refused under a code of its own', (_mistake, found, codes) => {
  expect(found()).toEqual(codes);
});

const ofRoot = (deviceRootCertificate: string): string[] => codesOf({ deviceRootCertificate });
test.each<[mistake: string, found: () => string[], codes: string[]]>([
  ['intermediates and the root', () => ofRoot(pem(lower, middle, root)), []],
  ['a root alone', () => ofRoot(root.certificatePem), []],
  ['the root first', () => ofRoot(pem(root, middle, lower)), ['CERTIFICATE_CHAIN_OUT_OF_ORDER']],
  ['intermediates without the root', () => ofRoot(pem(lower, middle)), ['CERTIFICATE_ROOT_MISSING']],
  ['a gap below the root', () => ofRoot(pem(lower, root)), ['CERTIFICATE_INTERMEDIATE_MISSING']],
  ['two roots', () => ofRoot(pem(root, other)), ['CERTIFICATE_UNRELATED']],
  [
    'an intermediate for servers only',
    () => ofRoot(pem(root.createIntermediate({ extendedKeyUsages: ['serverAuth'] }), root)),
    ['CERTIFICATE_CLIENT_AUTH_MISSING'],
  ],
  [
    'a root that says it is none',
    () => ofRoot(TestAuthority.createRoot({ isAuthority: false }).certificatePem),
    ['CERTIFICATE_NOT_AUTHORITY'],
  ],
  [
    'a root that has expired',
    () => ofRoot(TestAuthority.createRoot({ notBefore: inDays(-9), notAfter: inDays(-1) }).certificatePem),
    ['CERTIFICATE_EXPIRED'],
  ],
  [
    'a root with RSA of 1,024 bits',
    () => ofRoot(TestAuthority.createRoot({ keyType: 'rsa-1024' }).certificatePem),
    ['CERTIFICATE_KEY_WEAK'],
  ],
  [
    'a root that signed itself with SHA-1, which nobody looks at',
    () => ofRoot(TestAuthority.createRoot({ hash: 'sha1' }).certificatePem),
    [],
  ],
  [
    'a path that is too long',
    () => {
      const short = TestAuthority.createRoot({ pathLength: 0 });
      const upper = short.createIntermediate({ commonName: 'C' });
      return ofRoot(pem(upper.createIntermediate(), upper, short));
    },
    ['CERTIFICATE_PATH_LENGTH_EXCEEDED'],
  ],
])('as device root: %s', (_mistake, found, codes) => {
  expect(found()).toEqual(codes);
});

test('a chain out of order is told the right order, and comes back in it', () => {
  const { problems, chains } = checkGatewayCertificates(
    { serverCertificate: pem(leaf, middle, lower), serverPrivateKey: leaf.privateKeyPem },
    { now },
  );
  expect(problems[0]?.message).toContain('"CN=localhost", "CN=B", "CN=A"');
  expect(chains.server?.map(String).join('')).toBe(chain);
});

test('the root is left out of what a server sends, and the key of another certificate is told as its', () => {
  const { certificates, problems } = checkGatewayCertificates(
    { serverCertificate: chain + root.certificatePem, serverPrivateKey: lower.privateKeyPem },
    { now },
  );
  expect(certificates.server?.chainPem).toBe(chain);
  expect(problems[0]?.message).toContain('it is that of "CN=B"');
});
