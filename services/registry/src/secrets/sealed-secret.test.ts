import { expect, test } from 'vitest';
import { SecretSealer } from './sealed-secret.ts';

const sealer = new SecretSealer('ab'.repeat(32));
const notReadable = expect.objectContaining({ code: 'REGISTRY_SECRET_NOT_READABLE' });

test('a sealed secret opens where it belongs', () => {
  const sealed = sealer.seal('the key', 'gateway/gw-1');
  expect(sealed.keyId).toMatch(/^[0-9a-f]{16}$/);
  expect(JSON.stringify(sealed)).not.toContain('the key');
  expect(sealer.open(sealed, 'gateway/gw-1')).toBe('the key');
});

test('the same secret is never sealed into the same bytes', () => {
  expect(sealer.seal('s', 'p').sealed).not.toBe(sealer.seal('s', 'p').sealed);
});

test('a secret does not open elsewhere, altered, cut short or under another key', () => {
  const { keyId, sealed } = sealer.seal('the key', 'gateway/gw-1');
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  expect(() => sealer.open({ keyId, sealed }, 'gateway/gw-2')).toThrow(notReadable);
  expect(() => sealer.open({ keyId, sealed: bytes.toString('base64') }, 'gateway/gw-1')).toThrow(notReadable);
  expect(() => sealer.open({ keyId, sealed: sealed.slice(0, 8) }, 'gateway/gw-1')).toThrow(notReadable);
  expect(() => new SecretSealer('cd'.repeat(32)).open({ keyId, sealed }, 'gateway/gw-1')).toThrow(
    notReadable,
  );
});

test('what was sealed under the former key opens while that one is known too', () => {
  const sealed = sealer.seal('the key', 'gateway/gw-1');
  const next = new SecretSealer('cd'.repeat(32), 'ab'.repeat(32));
  expect(next.open(sealed, 'gateway/gw-1')).toBe('the key');
  expect(next.seal('the key', 'gateway/gw-1').keyId).toBe(new SecretSealer('cd'.repeat(32)).keyId);
  expect(next.isFingerprintOf(sealer.fingerprint('a'), 'a')).toBe(true);
  expect(next.isFingerprintOf(sealer.fingerprint('a'), 'b')).toBe(false);
});

test('a fingerprint tells equal texts under one key only', () => {
  expect(sealer.fingerprint('a')).toBe(sealer.fingerprint('a'));
  expect(sealer.fingerprint('a')).not.toBe(sealer.fingerprint('b'));
  expect(sealer.fingerprint('a')).not.toBe(new SecretSealer('cd'.repeat(32)).fingerprint('a'));
});
