import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '@gatehouse/contracts';

/** Longer ones are no name of a device; RFC 5280 has 64 characters as its upper bound. */
const MAX_COMMON_NAME = 256;
const MAX_ISSUER = 1_024;
/** Of the certificates that a device sends above its own. */
const MAX_SENT = 20;

/** A verified certificate, as OpenSSL has it. */
export interface VerifiedCertificate extends CertificateFacts {
  readonly peer: X509Certificate;
  /** What the device sent besides, in its order; nobody has verified these. None when a session is resumed. */
  readonly sent: readonly X509Certificate[];
}

/** What is read from a certificate. */
export interface CertificateFacts {
  readonly certificate: ClientCertificate;
  /** Why its common name is not used, in words; undefined when it is. */
  readonly problem: string | undefined;
  /** End of its validity, in milliseconds since 1970: a session may be resumed later than that. */
  readonly notAfterMs: number;
}

/**
 * Who the client is by its certificate; undefined when it showed none or the chain was not verified. A
 * resumed session has the certificate of the handshake that it goes back to.
 */
export function verifiedCertificate(socket: TLSSocket): VerifiedCertificate | undefined {
  if (!socket.authorized) return undefined;
  const peer = socket.getPeerX509Certificate();
  return peer === undefined ? undefined : { ...certificateFacts(peer), peer, sent: sentWith(peer) };
}

/** On a server Node hangs what was sent one on the other, whether they belong together or not. */
function sentWith(peer: X509Certificate): X509Certificate[] {
  const sent: X509Certificate[] = [];
  let next = peer.issuerCertificate;
  while (next !== undefined && sent.length < MAX_SENT) {
    sent.push(next);
    next = next.issuerCertificate;
  }
  return sent;
}

/**
 * @param certificate that was verified; of an empty name (RFC 5280 §4.1.2.6 lets subjects have one) Node has
 *   nothing at all, which its types do not say
 */
export function certificateFacts(
  certificate: Pick<X509Certificate, 'serialNumber' | 'fingerprint256' | 'validToDate'> & {
    readonly subject: string | undefined;
    readonly issuer: string | undefined;
  },
): CertificateFacts {
  const { commonName, problem } = soleCommonName(certificate.subject ?? '');
  return {
    certificate: {
      commonName,
      serialNumber: wholeBytes(certificate.serialNumber.toLowerCase()),
      issuer: rfc4514(certificate.issuer ?? '').slice(0, MAX_ISSUER),
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    },
    problem,
    notAfterMs: certificate.validToDate.getTime(),
  };
}

/**
 * The common name of a subject that has exactly one. Several are no name: whoever asks for the first and
 * whoever asks for the last would take the device for two different ones. What holds control characters
 * (NUL above all) is read differently by different programs, so that is no name either.
 *
 * @param subject as X509Certificate has it: an RDN a line, values escaped as RFC 2253 has it
 * @returns an empty `commonName` with the problem that it has
 */
export function soleCommonName(subject: string): { commonName: string; problem: string | undefined } {
  const names = relativeNames(subject)
    .flat()
    .filter((attribute) => attribute.startsWith('CN='))
    .map((attribute) => unescaped(attribute.slice('CN='.length)));
  const [commonName = ''] = names;
  const problem = problemOf(names);
  return { commonName: problem === undefined ? commonName : '', problem };
}

function problemOf(names: readonly (string | undefined)[]): string | undefined {
  if (names.length === 0) return 'the client certificate has no common name';
  if (names.length > 1) return `the client certificate has ${names.length} common names; it must have one`;
  const [name] = names;
  if (name === undefined || /\p{Cc}|\uFFFD/u.test(name)) {
    return 'the common name of the client certificate holds control characters';
  }
  if (name === '') return 'the common name of the client certificate is empty';
  if (Array.from(name).length > MAX_COMMON_NAME) {
    return `the common name of the client certificate is over ${MAX_COMMON_NAME} characters`;
  }
  return undefined;
}

/** RFC 4514 §2.1: the most specific RDN first, which certificates have last. */
export function rfc4514(name: string): string {
  return relativeNames(name)
    .toReversed()
    .map((attributes) => attributes.join('+'))
    .join(',');
}

/** Attributes of each RDN in the order of the certificate. An escaped plus has a backslash between space and sign. */
function relativeNames(name: string): string[][] {
  if (name === '') return [];
  return name.split('\n').map((rdn) => rdn.split(' + '));
}

/** RFC 4514 §3: `\,` and the like, or two hexadecimal digits for each byte of UTF-8. Undefined when it is neither. */
function unescaped(value: string): string | undefined {
  const bytes: Buffer[] = [];
  for (const [part] of value.matchAll(/\\[0-9A-Fa-f]{2}|\\[^]|[^\\]+|\\/g)) {
    if (/^\\[0-9A-Fa-f]{2}$/.test(part)) bytes.push(Buffer.from(part.slice(1), 'hex'));
    else if (part === '\\') return undefined;
    else bytes.push(Buffer.from(part.startsWith('\\') ? part.slice(1) : part));
  }
  return Buffer.concat(bytes).toString();
}

/** Two digits a byte; a negative serial number, which RFC 5280 forbids and some have, keeps its sign. */
function wholeBytes(hex: string): string {
  const sign = hex.startsWith('-') ? '-' : '';
  const digits = hex.slice(sign.length);
  return sign + (digits.length % 2 === 0 ? digits : `0${digits}`);
}
