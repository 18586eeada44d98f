import { createPublicKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  Certificate,
  Extensions,
  type Name,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  type Extension,
} from '@peculiar/asn1-x509';
import { encodeDer, integerBytes } from './der.ts';
import { signatureAlgorithmOf, signBytes, type Signer } from './signature.ts';

const SERIAL_BYTES = 16;

/** All that a certificate says (RFC 5280 §4.1): nothing here is judged, so odd ones can be made too. */
export interface CertificateContent {
  readonly serialNumber: string;
  readonly subject: Name;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  /** In this order. */
  readonly extensions: readonly Extension[];
}

/** Throws SigningKeyUnsupported. */
export function issueCertificate(content: CertificateContent, signer: Signer): X509Certificate {
  const algorithm = signatureAlgorithmOf(signer);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: integerBytes(content.serialNumber),
    signature: algorithm,
    issuer: content.issuer,
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: content.subject,
    subjectPublicKeyInfo: publicKeyInfo(content.publicKey),
    ...(content.extensions.length === 0 ? {} : { extensions: new Extensions([...content.extensions]) }),
  });
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: signBytes(signer, encodeDer(tbsCertificate)),
  });
  return new X509Certificate(encodeDer(certificate));
}

/** 16 random bytes, positive as RFC 5280 §4.1.2.2 wants it; lower-case hexadecimal. */
export function newSerialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** The subject of a certificate, as its issued ones repeat it. */
export function subjectOf(certificate: X509Certificate): Name {
  return AsnConvert.parse(certificate.raw, Certificate).tbsCertificate.subject;
}

export function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return AsnConvert.parse(publicKey.export({ format: 'der', type: 'spki' }), SubjectPublicKeyInfo);
}
