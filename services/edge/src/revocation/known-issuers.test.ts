import { X509Certificate } from 'node:crypto';
import { TestAuthority } from '@gatehouse/pki';
import { expect, test } from 'vitest';
import { KnownIssuers } from './known-issuers.ts';

const root = TestAuthority.createRoot({ commonName: 'device root' });
const upper = root.createIntermediate({ commonName: 'upper' });
const lower = upper.createIntermediate({ commonName: 'lower' });
const device = (): X509Certificate => lower.issueClient().certificate;
const certificates = (...authorities: readonly TestAuthority[]): X509Certificate[] =>
  authorities.map(({ certificate }) => certificate);
const names = (issuers: readonly string[]): string[] =>
  issuers.map((pem) => new X509Certificate(pem).subject);
const WHOLE = ['CN=lower', 'CN=upper', 'CN=device root'];

test('a chain goes up to the root, in whatever order its certificates were sent', () => {
  const { issuers, isComplete } = new KnownIssuers(root.certificatePem).chainOf(
    device(),
    certificates(upper, TestAuthority.createRoot(), lower),
  );
  expect(isComplete).toBe(true);
  expect(names(issuers)).toEqual(WHOLE);
});

test('intermediates may be those of the gateway', () => {
  const known = new KnownIssuers(lower.certificatePem + upper.certificatePem + root.certificatePem);
  expect(names(known.chainOf(device(), []).issuers)).toEqual(WHOLE);
});

test('what one device has sent completes the chain of another, which shares it', () => {
  const known = new KnownIssuers(root.certificatePem);
  expect(known.chainOf(device(), [])).toMatchObject({ isComplete: false, issuers: [] });
  const first = known.chainOf(device(), certificates(lower, upper));
  const second = known.chainOf(device(), []);
  expect(second.isComplete).toBe(true);
  expect(second.issuers).toBe(first.issuers);
});

test('with other roots what was shown under the former ones is forgotten', () => {
  const known = new KnownIssuers(root.certificatePem);
  known.chainOf(device(), certificates(lower, upper));
  known.trust(root.certificatePem);
  expect(known.chainOf(device(), []).isComplete).toBe(true);
  known.trust(TestAuthority.createRoot().certificatePem);
  expect(known.chainOf(device(), certificates(lower, upper)).isComplete).toBe(false);
  known.trust(root.certificatePem);
  expect(known.chainOf(device(), []).isComplete).toBe(false);
});

test('a root or an intermediate of the same name and key that a device brings itself leads nowhere', () => {
  const foreign = TestAuthority.createRoot({ commonName: 'device root' });
  const crossed = foreign.createIntermediate({ commonName: 'lower', key: lower.key });
  const sent = certificates(crossed, foreign, lower, upper);
  const { issuers, isComplete } = new KnownIssuers(root.certificatePem).chainOf(device(), sent);
  expect(isComplete).toBe(true);
  expect(names(issuers)).toEqual(WHOLE);
  expect(issuers).not.toContain(crossed.certificatePem);
  const alone = new KnownIssuers(root.certificatePem).chainOf(device(), certificates(crossed, foreign));
  expect(alone.isComplete).toBe(false);
});

test('a maze of certificates that issued each other is left in time', () => {
  const [a, b] = [
    TestAuthority.createRoot({ commonName: 'a' }),
    TestAuthority.createRoot({ commonName: 'b' }),
  ];
  const maze = Array.from({ length: 10 }, () => [
    a.createIntermediate({ commonName: 'b', key: b.key }),
    b.createIntermediate({ commonName: 'a', key: a.key }),
  ]).flat();
  // Time of the processor, which a busy machine does not change.
  const started = process.cpuUsage();
  const { isComplete } = new KnownIssuers(root.certificatePem).chainOf(
    a.issueClient().certificate,
    certificates(...maze),
  );
  expect(isComplete).toBe(false);
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
});

test('a device whose certificate is the root itself has nobody above it', () => {
  const known = new KnownIssuers(root.certificatePem);
  expect(known.chainOf(root.certificate, [])).toMatchObject({ issuers: [], isComplete: true });
});
