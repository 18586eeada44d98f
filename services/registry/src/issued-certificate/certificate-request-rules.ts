import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import {
  CertificateRequestMalformed,
  isWeakKey,
  readCertificateRequest,
  type CertificateRequest,
} from '@gatehouse/pki';
import {
  CertificateRequestInvalid,
  CertificateRequestNameInvalid,
  CertificateRequestUnproven,
  CertificateRequestWeak,
} from './issued-certificate.failures.ts';

/** Of a request, what goes into the certificate. */
export interface AcceptedRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** Of servers; a client's are left out. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

const MAX_COMMON_NAME = 64;
const MAX_NAMES = 100;
const MAX_RSA_BITS = 8_192;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
/** RFC 6125: a wildcard is the whole first label. */
const DNS_NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`, 'i');

/**
 * @param csr PKCS #10 in PEM
 * @throws {CertificateRequestInvalid | CertificateRequestUnproven | CertificateRequestWeak | CertificateRequestNameInvalid}
 */
export function acceptRequest(csr: string, usage: 'client' | 'server'): AcceptedRequest {
  const request = readRequest(csr);
  requireGoodKey(request);
  const commonName = requireCommonName(request);
  if (usage === 'client') {
    return { commonName, publicKey: request.publicKey, dnsNames: [], ipAddresses: [] };
  }
  requireServerNames(request);
  const { publicKey, dnsNames, ipAddresses } = request;
  return { commonName, publicKey, dnsNames, ipAddresses };
}

function readRequest(csr: string): CertificateRequest {
  try {
    return readCertificateRequest(csr);
  } catch (error) {
    if (error instanceof CertificateRequestMalformed) throw new CertificateRequestInvalid(error.message);
    throw error;
  }
}

function requireGoodKey({ publicKey, signature }: CertificateRequest): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (isWeakKey(publicKey)) {
    throw new CertificateRequestWeak(`its RSA key has ${details?.modulusLength ?? 0} bits`);
  }
  const isKnown =
    (type === 'rsa' && (details?.modulusLength ?? 0) <= MAX_RSA_BITS) ||
    (type === 'ec' && CURVES.has(details?.namedCurve)) ||
    type === 'ed25519';
  if (!isKnown) throw new CertificateRequestWeak('its key is of a kind that TLS clients do not know');
  if (signature === 'weak') throw new CertificateRequestWeak('it is signed with SHA-1 or MD5');
  if (signature === 'unsupported')
    throw new CertificateRequestWeak('it is signed with an algorithm unknown here');
  if (signature === 'invalid') throw new CertificateRequestUnproven();
}

function requireCommonName({ commonName }: CertificateRequest): string {
  if (commonName === null || commonName === '') {
    throw new CertificateRequestNameInvalid(
      'the subject of the request needs one common name; make it with -subj /CN=meter-1',
    );
  }
  if (commonName.length > MAX_COMMON_NAME || /\p{Cc}|\p{Cs}/u.test(commonName)) {
    throw new CertificateRequestNameInvalid(
      `the common name of the request may have ${MAX_COMMON_NAME} characters and no control characters`,
    );
  }
  return commonName;
}

function requireServerNames({ dnsNames, ipAddresses }: CertificateRequest): void {
  const count = dnsNames.length + ipAddresses.length;
  if (count === 0 || count > MAX_NAMES) {
    throw new CertificateRequestNameInvalid(
      `a server's request needs 1 to ${MAX_NAMES} names in subjectAltName, such as ` +
        '-addext subjectAltName=DNS:mqtt.example.com, because clients look at nothing else',
    );
  }
  const bad =
    dnsNames.find((name) => name.length > 253 || !DNS_NAME.test(name)) ??
    ipAddresses.find((address) => isIP(address) === 0);
  if (bad !== undefined) {
    throw new CertificateRequestNameInvalid(`${JSON.stringify(bad)} in subjectAltName is no name of a host`);
  }
}
