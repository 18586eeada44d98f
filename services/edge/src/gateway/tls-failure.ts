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

/** Reasons that are about the client's certificate, whatever the error says. */
export const CERTIFICATE_REASONS: ReadonlySet<string> = new Set([
  'no-client-certificate',
  'certificate-invalid',
  'certificate-malformed',
]);

/** Verdicts of OpenSSL on a client's chain (X509_V_ERR_…, as Node names them). */
const CHAIN_REASONS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'certificate-expired'],
  ['CERT_NOT_YET_VALID', 'certificate-not-yet-valid'],
  ['CERT_REVOKED', 'certificate-revoked'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unknown-ca'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown-ca'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown-ca'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown-ca'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown-ca'],
  ['CERT_UNTRUSTED', 'unknown-ca'],
  ['INVALID_PURPOSE', 'certificate-purpose'],
]);

const HANDSHAKE_REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNRESET', 'closed'],
  ['EPIPE', 'closed'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake-timeout'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'no-client-certificate'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-shared-cipher'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'unsupported-protocol'],
  // What OpenSSL's error queue still holds of a chain may come first, in place of the verdict on it.
  ['ERR_SSL_INVALID_CERTIFICATE', 'certificate-invalid'],
  ['ERR_SSL_PROVIDER_SIGNATURE_FAILURE', 'certificate-invalid'],
  ['ERR_SSL_BAD_SIGNATURE', 'certificate-invalid'],
  ['ERR_SSL_CERT_LENGTH_MISMATCH', 'certificate-malformed'],
  ['ERR_SSL_WRONG_TAG', 'certificate-malformed'],
  ['ERR_SSL_TOO_LONG', 'certificate-malformed'],
  ['ERR_SSL_TOO_SMALL', 'certificate-malformed'],
]);

const MESSAGES: ReadonlyMap<string, string> = new Map([
  [PLAIN_TEXT, 'the client does not speak TLS; only TLS is accepted: switch it on in the client'],
  ['closed', 'the client closed the connection during the TLS handshake; its own log may say why'],
  ['handshake-timeout', 'the TLS handshake took too long; is the network very slow, or the client stuck?'],
  [
    'no-client-certificate',
    'the client sent no certificate, and the gateway requires one; install a certificate in the device',
  ],
  ['certificate-expired', 'the client certificate, or one above it, has expired; renew it'],
  ['certificate-not-yet-valid', 'the client certificate is not valid yet; look at the clocks'],
  ['certificate-revoked', 'the client certificate has been revoked; issue another one'],
  [
    'unknown-ca',
    "the client certificate does not chain to the gateway's device root; " +
      'let the device send its intermediates, or add the authority to the gateway',
  ],
  [
    'certificate-purpose',
    'the client certificate, or one above it, is not meant for what it is used for: CA bit, key usage and extended key usage say what for',
  ],
  [
    'certificate-invalid',
    'the chain of the client certificate is not valid, or the device has not the key of its certificate',
  ],
  ['certificate-malformed', 'the client certificate cannot be read as one'],
  [
    'client-alert-unknown-ca',
    "the client does not trust the gateway's certificate; install the authority that issued it in the device",
  ],
  [
    'client-alert-certificate-expired',
    "the client holds the gateway's certificate for expired; renew it, or look at the clock of the device",
  ],
  ['client-alert-bad-certificate', "the client did not accept the gateway's certificate"],
  ['client-alert-certificate-unknown', "the client did not accept the gateway's certificate"],
  ['no-shared-cipher', 'client and gateway have no cipher suite in common'],
  [
    'unsupported-protocol',
    'the client offers no TLS version that the gateway accepts: TLS 1.2 and 1.3, or only the latter where its tls.minVersion says so',
  ],
  [
    'unknown-server-name',
    'several gateways share the port, and none has the host name that the client asked for (SNI); ' +
      'mend the name in the device, or switch on SNI there',
  ],
  ['client-hello-malformed', 'the first TLS message of the client cannot be read'],
  [
    'address-connects-exceeded',
    'the address connects more often in a minute than EDGE_CONNECTS_PER_ADDRESS of the edge allows',
  ],
  [
    'address-silent',
    'too many connections of the address are open that have sent nothing (EDGE_SILENT_PER_ADDRESS); a client begins with its ClientHello',
  ],
]);

export interface TlsFailure {
  /**
   * One of few words: of the tables above, `client-alert-…` for an alert that the client sent, `other`, or
   * OpenSSL's code in lower case.
   */
  readonly reason: string;
  readonly message: string;
}

/**
 * Why a TLS handshake failed.
 *
 * @param chainVerdict what OpenSSL said of the client's chain, if it came to that: then Node closes the
 *   connection, and the error only says so
 */
export function tlsFailure(error: Error, chainVerdict: string | undefined): TlsFailure {
  const reason = chainVerdict === undefined ? handshakeReason(error) : chainReason(chainVerdict);
  const detail = chainVerdict ?? codeOf(error);
  const message = MESSAGES.get(reason) ?? 'the TLS handshake failed';
  return { reason, message: detail === '' ? message : `${message} (${detail})` };
}

/** @param reason one that has a message */
export function knownTlsFailure(reason: string): TlsFailure {
  return { reason, message: MESSAGES.get(reason) ?? 'the TLS handshake failed' };
}

export function chainReason(verdict: string): string {
  return CHAIN_REASONS.get(verdict) ?? 'certificate-invalid';
}

function handshakeReason(error: Error): string {
  const code = codeOf(error);
  if (NOT_TLS.has(code)) return PLAIN_TEXT;
  const known = HANDSHAKE_REASONS.get(code);
  if (known !== undefined) return known;
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_]+)$/.exec(code)?.[1];
  if (alert !== undefined) return `client-alert-${word(alert)}`;
  return code.startsWith('ERR_SSL_') ? word(code.slice('ERR_SSL_'.length)) : 'other';
}

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';
const word = (code: string): string => code.toLowerCase().replaceAll('_', '-');
