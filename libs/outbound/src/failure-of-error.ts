import { Failure } from '@gatehouse/failure';
import {
  OutboundNameUnknown,
  OutboundResponseMalformed,
  OutboundResponseTooLarge,
  OutboundTlsFailed,
  OutboundUnreachable,
} from './outbound.failures.ts';

const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH|EPROTO$)/;
const NAME_CODES = /^(ENOTFOUND|ENODATA|EAI_)/;

/** What the customer can do about a certificate that is not accepted; X509_V_ERR_… of OpenSSL. */
const TLS_ADVICE: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS at this port',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for other names than this one',
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: look at the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed: give it as caCertificate, or use one of a public authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the root of its certificate is not known here: give the root as caCertificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its chain is incomplete: let it send the intermediate certificates, or give the root as caCertificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the authority of its certificate is not known here: give it as caCertificate',
};

const UNREACHABLE_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections; is it running, and is the port right?',
  ECONNRESET: 'ended the connection before it had answered',
  EPIPE: 'ended the connection before it had answered',
  UND_ERR_SOCKET: 'ended the connection before it had answered',
  EHOSTUNREACH: 'cannot be reached from here: there is no route',
  ENETUNREACH: 'cannot be reached from here: there is no route',
  UND_ERR_CONNECT_TIMEOUT: 'takes no connection in time; does a firewall drop it?',
  ETIMEDOUT: 'takes no connection in time; does a firewall drop it?',
};

/** Of what Node and undici threw, something that a person can act on. */
export function failureOf(error: unknown, url: URL): Failure {
  if (error instanceof Failure) return error;
  const { origin } = url;
  const code = codeOf(error);
  if (NAME_CODES.test(code)) return new OutboundNameUnknown(url.hostname, error);
  if (TLS_CODES.test(code)) {
    return new OutboundTlsFailed(origin, TLS_ADVICE[code] ?? `the reason is ${code}`, error);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    return new OutboundResponseTooLarge(origin, '16 kB of headers');
  }
  if (/^(HPE_|HTTPParserError$)/.test(code) || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return new OutboundResponseMalformed(origin, 'it is no HTTP/1.1', error);
  }
  return new OutboundUnreachable(origin, UNREACHABLE_ADVICE[code] ?? `cannot be reached (${code})`, error);
}

/** Whether the connection was ended before a byte of the answer came. */
export function isConnectionEnded(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error));
}

/** With several addresses Node throws an AggregateError of one error each. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.name;
}
