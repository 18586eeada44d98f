import { X509Certificate } from 'node:crypto';
import { createCertificateAuthority } from '@gatehouse/pki';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificateFacts, rfc4514, soleCommonName } from './client-certificate.ts';

const authority = await createCertificateAuthority('Device CA, Example');

async function factsOf(subject: readonly Readonly<Record<string, readonly string[]>>[]) {
  const { certificatePem } = await authority.issueClientCertificate({ commonName: '', subject });
  return {
    x509: new X509Certificate(certificatePem),
    ...certificateFacts(new X509Certificate(certificatePem)),
  };
}

test('a certificate is known by its common name, serial number, issuer and fingerprint', async () => {
  const { x509, certificate, problem, notAfterMs } = await factsOf([{ O: ['Example'] }, { CN: ['pump-1'] }]);
  expect(problem).toBeUndefined();
  expect(certificate).toEqual({
    commonName: 'pump-1',
    serialNumber: expect.stringMatching(/^[0-9a-f]{32}$/),
    issuer: 'CN=Device CA\\, Example',
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(certificate.serialNumber).toBe(x509.serialNumber.toLowerCase());
  expect(notAfterMs).toBe(Date.parse(x509.validTo));
});

test.each<[string, Record<string, string[]>[], string]>([
  ['the other attributes of its RDN', [{ CN: ['pump-1'], O: ['x'] }], 'pump-1'],
  ['a plus sign in it', [{ CN: ['a + CN=b'] }], 'a + CN=b'],
  ['letters of any script', [{ CN: ['Pömpe 泵'] }], 'Pömpe 泵'],
  ['256 characters', [{ CN: ['x'.repeat(256)] }], 'x'.repeat(256)],
])('a common name is taken with %s', async (_what, subject, commonName) => {
  expect(await factsOf(subject)).toMatchObject({ certificate: { commonName }, problem: undefined });
});

test.each<[string, Record<string, string[]>[], string]>([
  ['there is none', [{ O: ['Example'] }], 'no common name'],
  ['there are two', [{ CN: ['pump-1'] }, { CN: ['pump-2'] }], '2 common names'],
  ['there are two in one RDN', [{ CN: ['pump-1', 'pump-2'] }], '2 common names'],
  ['it is empty', [{ CN: [''] }], 'is empty'],
  ['it holds NUL', [{ CN: ['pump-1\0.example'] }], 'control characters'],
  ['it holds a line break and looks like two', [{ CN: ['pump-1\nCN=pump-2'] }], 'control characters'],
  ['it is very long', [{ CN: ['x'.repeat(257)] }], 'over 256 characters'],
])('no common name is taken when %s', async (_what, subject, problem) => {
  expect(await factsOf(subject)).toMatchObject({
    certificate: { commonName: '' },
    problem: expect.stringContaining(problem),
  });
});

const serialNumberOf = (serialNumber: string): string =>
  certificateFacts({
    subject: 'CN=a',
    issuer: 'CN=b',
    serialNumber,
    fingerprint256: 'AA:BB',
    validToDate: new Date(),
  }).certificate.serialNumber;

test('a serial number has two digits a byte', () => {
  expect(['A', '0A', 'FF00', '-1'].map(serialNumberOf)).toEqual(['0a', '0a', 'ff00', '-01']);
});

/** As OpenSSL prints a value in an RDN a line (ASN1_STRFLGS_ESC_2253, ESC_CTRL). */
const printed = (value: string): string =>
  Array.from(value, (character, index) => {
    if (/[\p{Cc}]/u.test(character) && character < '\u0080') {
      return `\\${Buffer.from(character).toString('hex').toUpperCase()}`;
    }
    const isAtRim = index === 0 || index === Array.from(value).length - 1;
    const isSpecial = /[,+"\\<>;]/.test(character) || (character === '#' && index === 0);
    return isSpecial || (character === ' ' && isAtRim) ? `\\${character}` : character;
  }).join('');

test('whatever a common name holds, it comes out as it was or not at all', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 20 }), (name, other) => {
      const subject = `O=${printed(other)}\nCN=${printed(name)} + OU=${printed(other)}`;
      const { commonName, problem } = soleCommonName(subject);
      if (problem === undefined) expect(commonName).toBe(name);
      else expect(commonName).toBe('');
      expect(problem === undefined).toBe(name !== '' && !/\p{Cc}|\uFFFD/u.test(name) && name.isWellFormed());
    }),
  );
});

test('no text makes it throw, and a second common name is always seen', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(soleCommonName(text).commonName.length).toBeLessThanOrEqual(512);
      expect(soleCommonName(`CN=a\nCN=b\n${text}`).commonName).toBe('');
      expect(typeof rfc4514(text)).toBe('string');
    }),
  );
});

test('an issuer is written with its most specific RDN first', () => {
  expect(rfc4514('C=DE\nO=Ex\\, Inc\nOU=a\\+b + L=x\nCN=Device CA')).toBe(
    'CN=Device CA,OU=a\\+b+L=x,O=Ex\\, Inc,C=DE',
  );
});
