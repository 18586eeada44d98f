import { X509Certificate } from 'node:crypto';
import type { CertificateDetails, CertificateFacts } from '@gatehouse/contracts';
import { CertificateNotPem, CertificatesExceeded, type CertificateField } from './certificate.failures.ts';
import type { CertificateChain } from './gateway.events.ts';

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** NIST's names of what OpenSSL calls otherwise. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

export type ParsedChain = readonly [X509Certificate, ...X509Certificate[]];

/** How many certificates a field may hold. */
export const MAX_CERTIFICATES = 10;

/** @throws {CertificateNotPem | CertificatesExceeded} */
export function parseCertificates(field: CertificateField, pem: string): ParsedChain {
  const blocks = pem.match(CERTIFICATE_BLOCK) ?? [];
  const [first, ...rest] = blocks;
  if (first === undefined) throw new CertificateNotPem(field);
  if (blocks.length > MAX_CERTIFICATES)
    throw new CertificatesExceeded(field, blocks.length, MAX_CERTIFICATES);
  try {
    return [new X509Certificate(first), ...rest.map((block) => new X509Certificate(block))];
  } catch {
    throw new CertificateNotPem(field);
  }
}

/** Certificates that were checked before they were stored: any number. */
export function parseStored(pem: string): X509Certificate[] {
  return (pem.match(CERTIFICATE_BLOCK) ?? []).map((block) => new X509Certificate(block));
}

/** Written anew from what was parsed, so that nothing which stood beside the certificates goes any further. */
export function factsOfChain(chain: ParsedChain): CertificateChain {
  return { chainPem: chain.map(String).join(''), chain: chain.map(factsOf) };
}

export function detailsOf(certificate: X509Certificate): CertificateDetails {
  return {
    ...factsOf(certificate),
    key: keyOf(certificate),
    isCertificateAuthority: certificate.ca,
    subjectAlternativeNames: certificate.subjectAltName ?? null,
  };
}

/** Of a certificate without a subject, the names it is for (RFC 5280 §4.1.2.6). */
export function nameOf(certificate: X509Certificate): string {
  return oneLine(certificate.subject) || (certificate.subjectAltName ?? '');
}

/** By name alone. */
export function namesAsIssuer(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject;
}

/** By name and signature; what the issuer may do is another question. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return namesAsIssuer(certificate, issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  };
}

export function keyOf(certificate: X509Certificate): CertificateDetails['key'] {
  try {
    const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = certificate.publicKey;
    const curve = details.namedCurve ?? null;
    return {
      type,
      bits: details.modulusLength ?? null,
      curve: curve === null ? null : (CURVES[curve] ?? curve),
    };
  } catch {
    // A key of a kind that this OpenSSL does not know.
    return { type: 'unknown', bits: null, curve: null };
  }
}

export function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
