import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildCertificateRequest } from './build-certificate-request.ts';
import { readCertificateRequest } from './certificate-request.ts';
import { CertificateRequestMalformed } from './pki.failures.ts';

const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

test('a request is read with its name, its alternative names and its key', () => {
  const pem = buildCertificateRequest({
    commonName: 'pump, number 7',
    key,
    dnsNames: ['mqtt.example.com', '*.example.com'],
    ipAddresses: ['192.0.2.7', '2001:db8::7'],
  });
  const read = readCertificateRequest(`Certificate Request:\n    Data:\n${pem}`);
  expect(read).toMatchObject({
    commonName: 'pump, number 7',
    signature: 'valid',
    dnsNames: ['mqtt.example.com', '*.example.com'],
    ipAddresses: ['192.0.2.7', '2001:db8::7'],
  });
  expect(read.publicKey.equals(publicKey)).toBe(true);
});

test.each([
  ['rsa', generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
])('a request may be for a key of type %s', (_type, privateKey) => {
  const read = readCertificateRequest(buildCertificateRequest({ commonName: 'pump', key: privateKey }));
  expect(read).toMatchObject({ signature: 'valid', dnsNames: [], ipAddresses: [] });
});

test('a request by one who does not have the key shows that', () => {
  const { publicKey: ofSomebodyElse } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = buildCertificateRequest({ commonName: 'pump', key, publicKey: ofSomebodyElse });
  expect(readCertificateRequest(pem).signature).toBe('invalid');
});

test('a request without a name has none', () => {
  expect(readCertificateRequest(buildCertificateRequest({ commonName: null, key })).commonName).toBeNull();
});

function readOrRefuse(pem: string): void {
  try {
    readCertificateRequest(pem);
  } catch (error) {
    expect(error).toBeInstanceOf(CertificateRequestMalformed);
  }
}

test('what is no request is a failure of ours and nothing else', () => {
  const good = buildCertificateRequest({ commonName: 'pump', key, dnsNames: ['a.example'] });
  expect(() => readCertificateRequest('')).toThrow(CertificateRequestMalformed);
  expect(() => readCertificateRequest(good.replace('MI', 'AA'))).toThrow(CertificateRequestMalformed);
  fc.assert(fc.property(fc.string({ maxLength: 200 }), readOrRefuse));
  const change = fc.tuple(
    fc.nat(good.length - 1),
    fc.constantFrom('A', 'B', 'z', '0', '9', '+', '/', '=', '\n'),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const text = good.split('');
      for (const [at, value] of changes) text[at] = value;
      readOrRefuse(text.join(''));
    }),
    { numRuns: 300 },
  );
});
