import { createHash, type X509Certificate } from 'node:crypto';
import { BitString, Integer } from 'asn1js';
import { childrenOf, decodeDer, hasContextTag, originalDer, serialNumberOf } from './der.ts';
import { CertificateMalformed } from './pki.failures.ts';

const MAX_CERTIFICATE_BYTES = 65_536;

/** Of a certificate, the bytes that others refer to it by; as they stand in it. */
export interface CertificateIdentity {
  /** DER of the Name. */
  readonly subject: Uint8Array<ArrayBuffer>;
  readonly issuer: Uint8Array<ArrayBuffer>;
  /** The content of the BIT STRING in SubjectPublicKeyInfo: what issuerKeyHash and byKey hash. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** DER of the AlgorithmIdentifier and key. */
  readonly publicKeyInfo: Uint8Array<ArrayBuffer>;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
}

/** Throws CertificateMalformed. */
export function certificateIdentity(certificate: X509Certificate): CertificateIdentity {
  try {
    const [tbs] = childrenOf(decodeDer(certificate.raw, { maxBytes: MAX_CERTIFICATE_BYTES }));
    const fields = childrenOf(tbs);
    const first = fields[0];
    // A version stands before the others unless it is v1.
    const start = first !== undefined && hasContextTag(first, 0) ? 1 : 0;
    const [serial, , issuer, , subject, publicKeyInfo] = fields.slice(start);
    const publicKey = childrenOf(publicKeyInfo)[1];
    if (!(serial instanceof Integer)) throw new Error('no serial number');
    if (!(publicKey instanceof BitString)) throw new Error('no public key');
    return {
      subject: originalDer(subject),
      issuer: originalDer(issuer),
      publicKeyInfo: originalDer(publicKeyInfo),
      publicKey: new Uint8Array(publicKey.valueBlock.valueHexView),
      serialNumber: serialNumberOf(serial.valueBlock.valueHexView),
    };
  } catch (error) {
    throw new CertificateMalformed('a certificate cannot be decoded; is it X.509 in DER?', error);
  }
}

/** SHA-1 of the public key, the name of a responder `byKey` and the usual subject key identifier. */
export function keyHash(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha1').update(publicKey).digest());
}
