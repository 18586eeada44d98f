import { createHash, X509Certificate } from 'node:crypto';
import type { certificateStatus, RequestOf } from '@gatehouse/contracts';
import { ChainUnreadable } from './chain.failures.ts';

/** A certificate whose revocation is in question, with the one that issued it. */
export interface CheckedCertificate {
  /** Who asked first: it is called on that gateway's behalf. */
  readonly gatewayId: string;
  readonly certificate: X509Certificate;
  readonly issuer: X509Certificate;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
  /** SHA-256 of the issuer's public key, and the serial number: the same for every copy of the certificate. */
  readonly key: string;
  /** SHA-256 of the issuer's public key. */
  readonly issuerKeyHash: string;
}

/**
 * What is to be checked of a verified chain: the end-entity certificate, with `chain` the intermediates too. A
 * root vouches for itself: nobody can revoke it.
 *
 * @returns none when the end-entity certificate is the only one: it is trusted as it is
 * @throws {ChainUnreadable}
 */
export function checkedCertificates({
  gatewayId,
  chain,
  scope,
}: RequestOf<typeof certificateStatus>): CheckedCertificate[] {
  const needed = scope === 'leaf' ? chain.slice(0, 2) : chain;
  const certificates = needed.map(readCertificate);
  return certificates.slice(0, -1).map((certificate, index) => ({
    gatewayId,
    ...certificateOf(certificate, certificates[index + 1] ?? certificate),
  }));
}

function certificateOf(
  certificate: X509Certificate,
  issuer: X509Certificate,
): Omit<CheckedCertificate, 'gatewayId'> {
  const serialNumber = certificate.serialNumber.toLowerCase();
  const issuerKeyHash = createHash('sha256')
    .update(issuer.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { certificate, issuer, serialNumber, issuerKeyHash, key: `${issuerKeyHash}.${serialNumber}` };
}

/** @throws {ChainUnreadable} */
export function readCertificate(pem: string): X509Certificate {
  try {
    const certificate = new X509Certificate(pem);
    // OpenSSL reads keys late: one that it does not know is found out here.
    void certificate.publicKey;
    return certificate;
  } catch (error) {
    throw new ChainUnreadable(error);
  }
}

/** Whether the signature is the issuer's; a chain that TLS has verified always is. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
