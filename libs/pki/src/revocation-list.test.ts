import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extensionOf } from './extensions-to-issue.ts';
import { RevocationListMalformed } from './pki.failures.ts';
import { readRevocationList } from './revocation-list.ts';
import {
  signRevocationList,
  type RevocationListSigner,
  type RevocationToList,
} from './revocation-list-signing.ts';
import {
  verifyRevocationList,
  type RevocationListDefect,
  type RevocationListExpectation,
} from './revocation-list-verification.ts';
import { TestAuthority } from './test-authority.ts';

const NOW = new Date('2030-05-05T12:00:00.000Z');
const later = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);
const LIFE = { notBefore: later(-60), notAfter: later(60 * 24) };

const root = TestAuthority.createRoot({ ...LIFE, commonName: 'Root' });
const other = TestAuthority.createRoot({ ...LIFE, commonName: 'Root' });
const device = root.issueClient({ ...LIFE, serialNumber: '00f3'.padEnd(32, '0') });
const neighbour = root.issueClient(LIFE);
const revocation = (reason?: RevocationToList['reason']): RevocationToList => ({
  serialNumber: device.certificate.serialNumber.toLowerCase(),
  revokedAt: later(-10),
  ...(reason === undefined ? {} : { reason }),
});

interface Odd {
  readonly by?: RevocationListSigner;
  readonly entries?: readonly RevocationToList[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | undefined;
  readonly extension?: ReturnType<typeof extensionOf>;
}

function list({ by = root, entries = [], thisUpdate = NOW, extension, ...odd }: Odd = {}): Uint8Array {
  const nextUpdate = 'nextUpdate' in odd ? odd.nextUpdate : later(60);
  return signRevocationList(by, {
    number: 4_711,
    thisUpdate,
    entries,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    moreExtensions: extension === undefined ? [] : [extension],
  });
}

function verdict(
  der: Uint8Array,
  more: Partial<RevocationListExpectation> = {},
): ReturnType<typeof verifyRevocationList> {
  const expectation = { certificate: device.certificate, issuer: root.certificate, now: NOW, ...more };
  return verifyRevocationList(readRevocationList(der), expectation);
}

test('what is in a list is revoked, with time and reason; all else of its issuer is good', () => {
  const der = list({ entries: [revocation('keyCompromise')] });
  const nextUpdate = later(60);
  expect(verdict(der)).toEqual({
    outcome: 'trusted',
    status: 'revoked',
    entry: { revokedAt: later(-10), reason: 'keyCompromise' },
    nextUpdate,
  });
  expect(verdict(der, { certificate: neighbour.certificate })).toEqual({
    outcome: 'trusted',
    status: 'good',
    nextUpdate,
  });
  expect(readRevocationList(der).number).toBe('1267');
});

test('a reason need not be given', () => {
  expect(verdict(list({ entries: [revocation()] }))).toMatchObject({
    status: 'revoked',
    entry: { reason: null },
  });
  expect(verdict(list({ entries: [revocation('unspecified')] }))).toMatchObject({ entry: { reason: null } });
});

test.each(['rsa-2048', 'p384', 'ed25519'] as const)('lists are signed with %s too', (keyType) => {
  const authority = TestAuthority.createRoot({ ...LIFE, keyType });
  const { certificate } = authority.issueClient(LIFE);
  expect(verdict(list({ by: authority }), { certificate, issuer: authority.certificate })).toMatchObject({
    status: 'good',
  });
});

/** IssuingDistributionPoint with one BOOLEAN, by its tag. */
const scopeExtension = (tag: number): ReturnType<typeof extensionOf> =>
  extensionOf('2.5.29.28', new Uint8Array([0x30, 3, 0x80 + tag, 1, 0xff]), true);
/** IssuingDistributionPoint that names where it belongs. */
const partExtension = (uri = 'http://a/'): ReturnType<typeof extensionOf> => {
  const bytes = Buffer.from(uri);
  const { length } = bytes;
  const name = Buffer.concat([Buffer.of(0xa0, length + 4, 0xa0, length + 2, 0x86, length), bytes]);
  return extensionOf('2.5.29.28', new Uint8Array([0x30, name.length, ...name]), true);
};
const atPoint = root.issueClient({ ...LIFE, crlUrl: 'http://a/1.crl' }).certificate;
const mute = TestAuthority.createRoot({ ...LIFE, commonName: 'Root', keyUsages: ['keyCertSign'] });
const weak = TestAuthority.createRoot({ ...LIFE, keyType: 'rsa-2048' });

const badLists: readonly [string, RevocationListDefect, () => ReturnType<typeof verdict>][] = [
  ['of another issuer', 'issuer-mismatch', () => verdict(list({ by: TestAuthority.createRoot(LIFE) }))],
  ['signed by another of the same name', 'signature-invalid', () => verdict(list({ by: other }))],
  [
    'of an issuer that may not sign any',
    'issuer-not-authorized',
    () =>
      verdict(list({ by: mute }), { issuer: mute.certificate, certificate: mute.issueClient().certificate }),
  ],
  [
    'signed with SHA-1',
    'signature-weak',
    () =>
      verdict(list({ by: { certificate: weak.certificate, key: weak.key, hash: 'sha1' } }), {
        issuer: weak.certificate,
        certificate: weak.issueClient().certificate,
      }),
  ],
  ['out of date', 'expired', () => verdict(list({ thisUpdate: later(-60), nextUpdate: later(-6) }))],
  ['of the future', 'not-yet-valid', () => verdict(list({ thisUpdate: later(6) }))],
  ['without an end', 'end-unknown', () => verdict(list({ nextUpdate: undefined }))],
  [
    'about authorities only',
    'certificate-not-covered',
    () => verdict(list({ extension: scopeExtension(2) })),
  ],
  ['of other issuers too', 'certificate-not-covered', () => verdict(list({ extension: scopeExtension(4) }))],
  [
    'of a distribution point, about a certificate without one',
    'certificate-not-covered',
    () => verdict(list({ extension: partExtension() })),
  ],
  [
    'of another distribution point',
    'certificate-not-covered',
    () => verdict(list({ extension: partExtension('http://a/2.crl') }), { certificate: atPoint }),
  ],
  [
    'of a distribution point with a name that is no URI',
    'certificate-not-covered',
    () =>
      verdict(
        list({
          extension: extensionOf(
            '2.5.29.28',
            new Uint8Array([0x30, 9, 0xa0, 7, 0xa0, 5, 0x82, 3, 0x61, 0x2e, 0x62]),
            true,
          ),
        }),
        { certificate: atPoint },
      ),
  ],
  [
    'of some reasons only',
    'certificate-not-covered',
    () =>
      verdict(
        list({ extension: extensionOf('2.5.29.28', new Uint8Array([0x30, 4, 0x83, 2, 6, 0x40]), true) }),
      ),
  ],
  [
    'that only says what changed',
    'extension-unknown',
    () => verdict(list({ extension: extensionOf('2.5.29.27', new Uint8Array([2, 1, 1]), true) })),
  ],
];

test.each(badLists)('a list %s is not believed: %s', (_title, defect, judge) => {
  expect(judge()).toMatchObject({ outcome: 'untrusted', defect });
});

test('a list about end entities alone is about devices', () => {
  expect(verdict(list({ extension: scopeExtension(1) }))).toMatchObject({ outcome: 'trusted' });
});

test.each(['http://a/1.crl', 'HTTP://A:80/1.crl'])(
  'a list of the distribution point %s is about the certificates that name it',
  (uri) => {
    const judged = verdict(list({ extension: partExtension(uri) }), { certificate: atPoint });
    expect(judged).toMatchObject({ outcome: 'trusted', status: 'good' });
  },
);

describe('bytes that are no list are a failure of ours and nothing else', () => {
  const good = list({ entries: [revocation('superseded')] });

  test.each([
    ['nothing', new Uint8Array()],
    ['a page', Buffer.from('<!doctype html>')],
    ['PEM', Buffer.from('-----BEGIN X509 CRL-----\n')],
    ['cut short', good.subarray(0, -5)],
    ['more than 4 MB', new Uint8Array(4_194_305)],
    ['4 MB of empty values', new Uint8Array(4_194_304)],
    ['values nested deeply', new Uint8Array(4_000_000).map((_, at) => (at % 2 === 0 ? 0x30 : 0x80))],
  ])('%s', (_title, bytes) => {
    expect(() => readRevocationList(bytes)).toThrow(RevocationListMalformed);
  });

  test('right ones with some bytes changed; what is still believed says the same', () => {
    const right = verdict(good);
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const judged = verdict(bytes);
          if (judged.outcome === 'trusted') expect(judged).toEqual(right);
        } catch (error) {
          expect(error).toBeInstanceOf(RevocationListMalformed);
        }
      }),
      { numRuns: 200 },
    );
  });
});
