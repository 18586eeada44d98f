import { expect, test } from 'vitest';
import { tlsFailure } from './tls-failure.ts';

const failure = (code: string): Error => Object.assign(new Error('handshake failed'), { code });

test.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'plain-text'],
  ['ERR_SSL_HTTP_REQUEST', 'plain-text'],
  ['ECONNRESET', 'closed'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake-timeout'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'no-client-certificate'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'unsupported-protocol'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'client-alert-unknown-ca'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'client-alert-bad-certificate'],
  ['ERR_SSL_DECRYPT_ERROR', 'decrypt-error'],
  ['ERR_SOMETHING_NEW', 'other'],
])('%s is %s', (code, reason) => {
  expect(tlsFailure(failure(code), undefined).reason).toBe(reason);
});

test.each([
  ['CERT_HAS_EXPIRED', 'certificate-expired'],
  ['CERT_NOT_YET_VALID', 'certificate-not-yet-valid'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown-ca'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown-ca'],
  ['INVALID_PURPOSE', 'certificate-purpose'],
  ['PATH_LENGTH_EXCEEDED', 'certificate-invalid'],
])('the verdict %s on a chain is %s, whatever the error says', (verdict, reason) => {
  const found = tlsFailure(failure('ECONNRESET'), verdict);
  expect(found.reason).toBe(reason);
  expect(found.message).toContain(verdict);
});
