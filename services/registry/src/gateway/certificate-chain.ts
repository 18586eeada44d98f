import { X509Certificate } from 'node:crypto';
import type { CertificateDetails, CertificateFacts } from '@gatehouse/contracts';
import {
  CertificateChainOutOfOrder,
  CertificateExpired,
  CertificateNotAuthority,
  CertificateNotPem,
  CertificateNotYetValid,
  CertificateRootMissing,
  type CertificateField,
} from './certificate.failures.ts';
import type { CertificateChain } from './gateway.events.ts';

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** NIST's names of what OpenSSL calls otherwise. */
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

export type ParsedChain = readonly [X509Certificate, ...X509Certificate[]];

/** @throws {CertificateNotPem} */
export function parseCertificates(field: CertificateField, pem: string): ParsedChain {
  const [first, ...rest] = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (first === undefined) throw new CertificateNotPem(field);
  try {
    return [new X509Certificate(first), ...rest.map((block) => new X509Certificate(block))];
  } catch {
    throw new CertificateNotPem(field);
  }
}

/** @throws {CertificateExpired | CertificateNotYetValid} */
export function checkValidity(field: CertificateField, chain: ParsedChain, now: Date): void {
  for (const certificate of chain) {
    const { validFromDate, validToDate } = certificate;
    if (now > validToDate) {
      throw new CertificateExpired(field, nameOf(certificate), validToDate.toISOString());
    }
    if (now < validFromDate) {
      throw new CertificateNotYetValid(field, nameOf(certificate), validFromDate.toISOString());
    }
  }
}

/** Each certificate before the one that issued it. @throws {CertificateChainOutOfOrder} */
export function checkOrder(field: CertificateField, chain: ParsedChain): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!isIssuedBy(certificate, issuer)) {
      throw new CertificateChainOutOfOrder(field, nameOf(certificate), nameOf(issuer));
    }
  }
}

/**
 * Authorities only, up to a self-signed root. Roots of version 1 say nothing of what they may do, so only
 * what stands below the root must say it.
 *
 * @throws {CertificateNotAuthority | CertificateRootMissing}
 */
export function checkEndsInRoot(field: CertificateField, chain: ParsedChain): void {
  for (const certificate of chain) {
    if (!certificate.ca && !isIssuedBy(certificate, certificate)) {
      throw new CertificateNotAuthority(field, nameOf(certificate));
    }
  }
  const last = chain.at(-1) ?? chain[0];
  if (!isIssuedBy(last, last)) {
    throw new CertificateRootMissing(field, nameOf(last), oneLine(last.issuer));
  }
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

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
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

function keyOf(certificate: X509Certificate): CertificateDetails['key'] {
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

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
