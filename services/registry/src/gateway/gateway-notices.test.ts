import type { TopicPermission } from '@gatehouse/contracts';
import { TestAuthority } from '@gatehouse/pki';
import { expect, test } from 'vitest';
import { noticesOf } from './gateway-notices.ts';

const plain = {
  authentication: { type: 'one-way' },
  topicSpace: 'isolated',
  hostname: null,
  permissions: [],
  serverCertificate: '',
  alternativeServerCertificate: null,
  chains: [],
  now: new Date('2026-12-01T00:00:00.000Z'),
} as const;
const noticesWith = (more: Partial<Parameters<typeof noticesOf>[0]>) => noticesOf({ ...plain, ...more });
const noticesOfChain = (serverCertificate: string) =>
  noticesWith({ hostname: 'mqtt.example.com', serverCertificate });
const rule = (effect: TopicPermission['effect']): TopicPermission => ({
  topic: 'up/#',
  action: 'both',
  effect,
});

test('a gateway that does all that it says has no notices', () => {
  expect(noticesWith({})).toEqual([]);
  expect(noticesWith({ permissions: [rule('deny'), rule('allow')] })).toEqual([]);
});

test('every setting that this version only keeps is told', () => {
  const notices = noticesWith({ topicSpace: 'shared' });
  expect(notices.map(({ code }) => code)).toEqual(['shared-topic-space-not-served']);
});

test('a server certificate that does not name the host is told, whatever its common name says', () => {
  const root = TestAuthority.createRoot();
  const fitting = root.issueServer({ commonName: 'mqtt.example.com' });
  const bare = root.issueServer({ commonName: 'mqtt.example.com', dnsNames: [] });
  expect(noticesOfChain(fitting.certificatePem)).toEqual([]);
  expect(noticesOfChain(bare.certificatePem)).toEqual([
    { code: 'hostname-not-covered', message: expect.stringContaining('no names at all') },
  ]);
  expect(noticesOfChain(root.issueServer({ commonName: 'other.example.com' }).certificatePem)).toHaveLength(
    1,
  );
});

test.each([
  ['2026-12-02T00:00:00.000Z', []],
  ['2026-12-03T00:00:00.000Z', ['certificate-expires-soon']],
  ['2027-01-02T00:00:00.000Z', ['certificate-expired']],
])('at %s a certificate that is valid until 2027-01-02 is noticed as %j', (now, codes) => {
  const certificate = {
    subject: 'CN=localhost',
    issuer: 'CN=Example CA',
    serialNumber: '01',
    fingerprint: 'aa',
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2027-01-02T00:00:00.000Z',
  };
  const notices = noticesWith({ chains: [{ role: 'server', certificate }], now: new Date(now) });
  expect(notices.map(({ code }) => code)).toEqual(codes);
});

test('permissions that allow nothing are told, and whether an authenticator can still allow something', () => {
  const permissions = [rule('deny')];
  expect(noticesWith({ permissions })).toEqual([
    {
      code: 'permissions-allow-nothing',
      message: expect.stringContaining('devices can neither publish nor subscribe'),
    },
  ]);
  const authentication = {
    type: 'third-party',
    method: 'function',
    function: { provider: 'http-function', endpoint: 'https://fn.example.com' },
  } as const;
  expect(noticesWith({ permissions, authentication })).toEqual([
    {
      code: 'permissions-allow-nothing',
      message: expect.stringContaining("the authenticator's answer"),
    },
  ]);
});
