import { expect, test } from 'vitest';
import { tlsFailureReason } from './tls-failure.ts';

const failure = (code: string): Error => Object.assign(new Error('handshake failed'), { code });

test.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'plain-text'],
  ['ERR_SSL_HTTP_REQUEST', 'plain-text'],
  ['ECONNRESET', 'closed'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tlsv1-alert-unknown-ca'],
  ['ERR_SOMETHING_NEW', 'other'],
])('%s is counted as %s', (code, reason) => {
  expect(tlsFailureReason(failure(code))).toBe(reason);
});
