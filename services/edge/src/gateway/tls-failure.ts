/** What OpenSSL says when the first bytes are no TLS record: an MQTT packet, HTTP, a port scan. */
const NOT_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_TOO_SMALL',
  'ERR_SSL_BAD_RECORD_TYPE',
  'ERR_SSL_UNEXPECTED_MESSAGE',
]);

export const PLAIN_TEXT = 'plain-text';

/**
 * A label with few values for why a TLS handshake failed: `plain-text`, `closed`, `timeout`, or OpenSSL's
 * code in lower case, such as `tlsv1-alert-unknown-ca` (the client does not trust our certificate).
 */
export function tlsFailureReason(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (NOT_TLS.has(code)) return PLAIN_TEXT;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout';
  if (code.startsWith('ERR_SSL_')) return code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', '-');
  return 'other';
}
