import { createHash, type X509Certificate } from 'node:crypto';
import { OctetString } from '@peculiar/asn1-schema';
import { CertID } from '@peculiar/asn1-ocsp';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { certificateIdentity, type CertificateIdentity } from './certificate-identity.ts';
import { bufferOf, bytesOf, integerBytes, sameBytes, serialNumberOf } from './der.ts';

/** Hashes of the issuer that a CertID may hold. SHA-1 only names something here: nothing rests on its strength. */
export type CertificateIdHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

const OIDS: Readonly<Record<CertificateIdHash, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** Which certificate, in RFC 6960's words (§4.1.1, CertID). */
export interface OcspCertificateId {
  /** Null: a hash that we do not know. */
  readonly hash: CertificateIdHash | null;
  readonly issuerNameHash: Uint8Array<ArrayBuffer>;
  readonly issuerKeyHash: Uint8Array<ArrayBuffer>;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
}

/** Throws CertificateMalformed. */
export function ocspCertificateId(
  certificate: X509Certificate,
  issuer: X509Certificate,
  hash: CertificateIdHash = 'sha1',
): OcspCertificateId {
  return certificateIdOf(certificateIdentity(certificate).serialNumber, certificateIdentity(issuer), hash);
}

export function certificateIdOf(
  serialNumber: string,
  issuer: CertificateIdentity,
  hash: CertificateIdHash,
): OcspCertificateId {
  const digest = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
    new Uint8Array(createHash(hash).update(bytes).digest());
  return {
    hash,
    serialNumber,
    issuerNameHash: digest(issuer.subject),
    issuerKeyHash: digest(issuer.publicKey),
  };
}

/** Whether the issuer of the certificate that is meant is this one. */
export function isIssuedBy(id: OcspCertificateId, issuer: CertificateIdentity): boolean {
  if (id.hash === null) return false;
  const own = certificateIdOf(id.serialNumber, issuer, id.hash);
  return sameBytes(own.issuerNameHash, id.issuerNameHash) && sameBytes(own.issuerKeyHash, id.issuerKeyHash);
}

export function readCertificateId(id: CertID): OcspCertificateId {
  const oid = id.hashAlgorithm.algorithm;
  const hash = (Object.keys(OIDS) as CertificateIdHash[]).find((name) => OIDS[name] === oid) ?? null;
  return {
    hash,
    issuerNameHash: bytesOf(id.issuerNameHash.buffer),
    issuerKeyHash: bytesOf(id.issuerKeyHash.buffer),
    serialNumber: serialNumberOf(id.serialNumber),
  };
}

const DER_NULL = new Uint8Array([5, 0]).buffer;

/** With a hash that we know; others are never sent. */
export function writeCertificateId(id: OcspCertificateId): CertID {
  return new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: OIDS[id.hash ?? 'sha1'], parameters: DER_NULL }),
    issuerNameHash: new OctetString(bufferOf(id.issuerNameHash)),
    issuerKeyHash: new OctetString(bufferOf(id.issuerKeyHash)),
    serialNumber: integerBytes(id.serialNumber),
  });
}
