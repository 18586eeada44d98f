import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extensionOf } from './extensions-to-issue.ts';
import { ocspCertificateId } from './ocsp-certificate-id.ts';
import { buildOcspRequest, newOcspNonce, readOcspRequest } from './ocsp-request.ts';
import { readOcspResponse } from './ocsp-response.ts';
import { ocspRefusal, signOcspResponse, type OcspResponder, type OcspStatement } from './ocsp-signing.ts';
import { verifyOcspResponse, type OcspDefect, type OcspExpectation } from './ocsp-verification.ts';
import { CertificateMalformed, OcspRequestMalformed, OcspResponseMalformed } from './pki.failures.ts';
import { TestAuthority } from './test-authority.ts';

const NOW = new Date('2030-05-05T12:00:00.000Z');
const MINUTE_MS = 60_000;
const later = (minutes: number): Date => new Date(NOW.getTime() + minutes * MINUTE_MS);
const LIFE = { notBefore: later(-60), notAfter: later(60 * 24) };

const root = TestAuthority.createRoot({ ...LIFE, commonName: 'Root' });
const other = TestAuthority.createRoot({ ...LIFE, commonName: 'Root' });
const device = root.issueClient({ ...LIFE, commonName: 'meter-1' });
const neighbour = root.issueClient({ ...LIFE, commonName: 'meter-2' });
const responder = root.issueResponder(LIFE);
const nonce = newOcspNonce();

interface Odd extends Partial<OcspStatement> {
  readonly by?: OcspResponder;
  readonly nonce?: Uint8Array;
  readonly producedAt?: Date;
  readonly extensions?: Parameters<typeof signOcspResponse>[1]['extensions'];
}

function answer({
  by = responder,
  nonce: sent,
  producedAt = NOW,
  extensions = [],
  ...odd
}: Odd = {}): Uint8Array {
  const statement: OcspStatement = {
    certificateId: ocspCertificateId(device.certificate, root.certificate),
    status: 'good',
    thisUpdate: NOW,
    nextUpdate: later(60),
    ...odd,
  };
  return signOcspResponse(by, { statements: [statement], producedAt, nonce: sent, extensions });
}

function verdict(
  der: Uint8Array,
  more: Partial<OcspExpectation> = {},
): ReturnType<typeof verifyOcspResponse> {
  const expectation = { certificate: device.certificate, issuer: root.certificate, now: NOW, ...more };
  return verifyOcspResponse(readOcspResponse(der), expectation);
}

test('a request names the certificate by its issuer and serial number, and carries the nonce', () => {
  for (const hash of ['sha1', 'sha256'] as const) {
    const question = { certificate: device.certificate, issuer: root.certificate, hash };
    const read = readOcspRequest(buildOcspRequest({ ...question, nonce }));
    expect(read.certificateIds).toEqual([ocspCertificateId(device.certificate, root.certificate, hash)]);
    expect(read.nonce).toEqual(nonce);
    expect(readOcspRequest(buildOcspRequest(question)).nonce).toBeNull();
  }
});

describe('an answer is believed', () => {
  const trusted = { outcome: 'trusted', status: { status: 'good' } };
  test('when the issuer itself signed it', () => {
    expect(verdict(answer({ by: root.responder }))).toMatchObject(trusted);
    expect(verdict(answer({ by: { ...root.responder, nameBy: 'name' } }))).toMatchObject(trusted);
  });

  test('when a responder signed it that the issuer made one', () => {
    expect(verdict(answer())).toMatchObject(trusted);
    expect(verdict(answer({ by: { ...responder, nameBy: 'name' } }))).toMatchObject(trusted);
  });

  test.each(['rsa-2048', 'rsa-3072', 'p384', 'ed25519'] as const)('with a key of %s', (keyType) => {
    expect(verdict(answer({ by: root.issueResponder({ ...LIFE, keyType }) }))).toMatchObject(trusted);
  });

  test('with the nonce that was sent, and without one where it need not be', () => {
    expect(verdict(answer({ nonce }), { nonce })).toMatchObject(trusted);
    expect(verdict(answer(), { nonce })).toMatchObject(trusted);
  });

  test('when clocks differ by less than five minutes', () => {
    expect(verdict(answer({ thisUpdate: later(4), producedAt: later(4) }))).toMatchObject(trusted);
    expect(verdict(answer({ thisUpdate: later(-60), nextUpdate: later(-4) }))).toMatchObject(trusted);
  });

  test('when its CertID is made with SHA-256', () => {
    const certificateId = ocspCertificateId(device.certificate, root.certificate, 'sha256');
    expect(verdict(answer({ certificateId }))).toMatchObject(trusted);
  });

  test('with time and reason of a revocation', () => {
    const revokedAt = later(-30);
    expect(
      verdict(answer({ status: 'revoked', revokedAt, revocationReason: 'keyCompromise' })),
    ).toMatchObject({
      outcome: 'trusted',
      status: { status: 'revoked', revokedAt, revocationReason: 'keyCompromise' },
    });
    expect(verdict(answer({ status: 'unknown' }))).toMatchObject({ status: { status: 'unknown' } });
  });
});

test('of two statements about one certificate the revocation counts', () => {
  const certificateId = ocspCertificateId(device.certificate, root.certificate);
  const common = { certificateId, thisUpdate: NOW, nextUpdate: later(60) };
  const statements: OcspStatement[] = [
    { ...common, status: 'good' },
    { ...common, status: 'revoked', revokedAt: NOW },
  ];
  const der = signOcspResponse(responder, { statements, producedAt: NOW });
  expect(verdict(der)).toMatchObject({ status: { status: 'revoked' } });
});

const ofOther = other.issueResponder(LIFE);
const intermediate = root.createIntermediate(LIFE);
const badAnswers: readonly [string, OcspDefect, () => ReturnType<typeof verdict>][] = [
  ['tryLater', 'not-successful', () => verdict(ocspRefusal('tryLater'))],
  ['unauthorized', 'not-successful', () => verdict(ocspRefusal('unauthorized'))],
  ['malformedRequest', 'not-successful', () => verdict(ocspRefusal('malformedRequest'))],
  [
    'about another serial number',
    'certificate-not-covered',
    () => verdict(answer({ certificateId: ocspCertificateId(neighbour.certificate, root.certificate) })),
  ],
  [
    'about another issuer of the same name',
    'certificate-not-covered',
    () => verdict(answer({ certificateId: ocspCertificateId(device.certificate, other.certificate) })),
  ],
  [
    'about nothing',
    'certificate-not-covered',
    () => verdict(signOcspResponse(responder, { statements: [], producedAt: NOW })),
  ],
  [
    'signed by a stranger whose certificate is left out',
    'signer-unknown',
    () => verdict(answer({ by: { ...ofOther, embedded: [] } })),
  ],
  [
    'signed by the responder of another root of the same name',
    'signer-not-issued-by-issuer',
    () => verdict(answer({ by: ofOther })),
  ],
  [
    'signed by a responder that an intermediate made',
    'signer-not-issued-by-issuer',
    () => verdict(answer({ by: intermediate.issueResponder(LIFE) })),
  ],
  [
    'signed by the key of another root in the name of the right one',
    'signature-invalid',
    () => verdict(answer({ by: { certificate: root.certificate, key: other.key } })),
  ],
  [
    'signed by another key in the name of the responder',
    'signature-invalid',
    () => verdict(answer({ by: { ...responder, key: other.key } })),
  ],
  [
    'signed by a device of the same root',
    'signer-not-authorized',
    () => verdict(answer({ by: { ...device, embedded: [device.certificate] } })),
  ],
  [
    'signed by a responder that may not sign data',
    'signer-not-authorized',
    () => verdict(answer({ by: root.issueResponder({ ...LIFE, keyUsages: ['keyEncipherment'] }) })),
  ],
  [
    'signed by a responder that has expired',
    'signer-not-valid-now',
    () => verdict(answer({ by: root.issueResponder({ notBefore: later(-90), notAfter: later(-10) }) })),
  ],
  [
    'signed by a responder that is not yet valid',
    'signer-not-valid-now',
    () => verdict(answer({ by: root.issueResponder({ notBefore: later(10), notAfter: later(90) }) })),
  ],
  [
    'signed with SHA-1',
    'signature-weak',
    () => verdict(answer({ by: { ...root.issueResponder({ ...LIFE, keyType: 'rsa-2048' }), hash: 'sha1' } })),
  ],
  [
    'signed with RSA of 1024 bits',
    'signature-weak',
    () => verdict(answer({ by: root.issueResponder({ ...LIFE, keyType: 'rsa-1024' }) })),
  ],
  [
    'with the nonce of another request',
    'nonce-mismatch',
    () => verdict(answer({ nonce: newOcspNonce() }), { nonce }),
  ],
  ['without the nonce', 'nonce-missing', () => verdict(answer(), { nonce, isNonceRequired: true })],
  ['of the future', 'not-yet-valid', () => verdict(answer({ thisUpdate: later(6), nextUpdate: later(90) }))],
  ['produced in the future', 'not-yet-valid', () => verdict(answer({ producedAt: later(6) }))],
  ['out of date', 'expired', () => verdict(answer({ thisUpdate: later(-60), nextUpdate: later(-6) }))],
  [
    'of the day before yesterday without an end',
    'expired',
    () => verdict(answer({ thisUpdate: later(-2 * 24 * 60), nextUpdate: undefined })),
  ],
  [
    'that ends before it begins',
    'dates-disordered',
    () => verdict(answer({ thisUpdate: later(-1), nextUpdate: later(-2) })),
  ],
  [
    'with a critical extension that nobody knows',
    'extension-unknown',
    () => verdict(answer({ extensions: [extensionOf('1.2.3.4.5', new Uint8Array([5, 0]), true)] })),
  ],
];

test.each(badAnswers)('an answer %s is not believed: %s', (_title, defect, judge) => {
  expect(judge()).toMatchObject({ outcome: 'untrusted', defect });
});

describe('bytes that are no answer are a failure of ours and nothing else', () => {
  const good = answer({ nonce });
  const right = verdict(good, { nonce });
  const read = (bytes: Uint8Array): void => {
    try {
      const judged = verdict(bytes, { nonce });
      if (judged.outcome === 'trusted') expect(judged).toEqual(right);
    } catch (error) {
      if (!(error instanceof CertificateMalformed)) expect(error).toBeInstanceOf(OcspResponseMalformed);
    }
  };

  test.each([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('<html>502 Bad Gateway</html>')],
    ['a response cut short', good.subarray(0, good.length - 10)],
    ['a response with more behind it', Buffer.concat([good, Buffer.from([0])])],
    ['70 kB', new Uint8Array(70_000)],
    ['values nested 20,000 deep', new Uint8Array(40_000).map((_, at) => (at % 2 === 0 ? 0x30 : 0x80))],
    ['a status that does not exist', new Uint8Array([0x30, 3, 0x0a, 1, 4])],
    ['success without an answer', new Uint8Array([0x30, 3, 0x0a, 1, 0])],
  ])('%s', (_title, bytes) => {
    expect(() => readOcspResponse(bytes)).toThrow(OcspResponseMalformed);
  });

  test('random ones', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), read));
  });

  test('right ones with some bytes changed; what is still believed says the same', () => {
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        read(bytes);
      }),
      { numRuns: 100 },
    );
  });

  test('requests too', () => {
    const request = buildOcspRequest({ certificate: device.certificate, issuer: root.certificate, nonce });
    const change = fc.tuple(fc.nat(request.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.uint8Array({ maxLength: 3 }), (changes, tail) => {
        const bytes = Uint8Array.from([...request, ...tail]);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readOcspRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(OcspRequestMalformed);
        }
      }),
      { numRuns: 200 },
    );
  });
});
