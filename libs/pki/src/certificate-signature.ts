import type { X509Certificate } from 'node:crypto';
import { Certificate } from '@peculiar/asn1-x509';
import { bytesOf, parseDer } from './der.ts';
import { CertificateMalformed } from './pki.failures.ts';
import type { SignedBytes } from './signature.ts';

/** What was signed of a certificate, how and with what result. Throws CertificateMalformed. */
export function certificateSignature(certificate: X509Certificate): SignedBytes {
  try {
    const { tbsCertificateRaw, signatureAlgorithm, signatureValue } = parseDer(certificate.raw, Certificate);
    if (tbsCertificateRaw === undefined) throw new Error('it has no content');
    return {
      signed: bytesOf(tbsCertificateRaw),
      algorithm: signatureAlgorithm,
      signature: bytesOf(signatureValue),
    };
  } catch (error) {
    throw new CertificateMalformed('the signature of a certificate cannot be decoded', error);
  }
}
