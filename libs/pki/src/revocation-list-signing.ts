import type { X509Certificate } from 'node:crypto';
import { AsnSerializer } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  CRLNumber,
  id_ce_authorityKeyIdentifier,
  id_ce_cRLNumber,
  id_ce_cRLReasons,
  KeyIdentifier,
  TBSCertList,
  Time,
  Version,
  type Extension,
} from '@peculiar/asn1-x509';
import { certificateIdentity, keyHash } from './certificate-identity.ts';
import {
  BitString,
  Enumerated,
  Integer,
  ObjectIdentifier,
  OctetString,
  Sequence,
  type AsnType,
} from 'asn1js';
import { bufferOf, childrenOf, encodeDer, integerBytes } from './der.ts';
import { extensionOf } from './extensions-to-issue.ts';
import { subjectOf } from './issue-certificate.ts';
import { revocationReasonNumber, type RevocationReasonName } from './revocation-reason.ts';
import { signatureAlgorithmOf, signBytes, type Signer } from './signature.ts';

export interface RevocationToList {
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  /** `unspecified` is left out, as RFC 5280 §5.3.1 asks. */
  readonly reason?: RevocationReasonName;
}

export interface RevocationListContent {
  /** Grows with each list of the issuer. */
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly entries: readonly RevocationToList[];
  readonly moreExtensions?: readonly Extension[];
}

export interface RevocationListSigner extends Signer {
  readonly certificate: X509Certificate;
}

/** DER of a CertificateList, version 2. Throws SigningKeyUnsupported, CertificateMalformed. */
export function signRevocationList(
  signer: RevocationListSigner,
  content: RevocationListContent,
): Uint8Array<ArrayBuffer> {
  const algorithm = signatureAlgorithmOf(signer);
  const tbsCertList = new TBSCertList({
    version: Version.v2,
    signature: algorithm,
    issuer: subjectOf(signer.certificate),
    thisUpdate: new Time(content.thisUpdate),
    ...(content.nextUpdate === undefined ? {} : { nextUpdate: new Time(content.nextUpdate) }),
    crlExtensions: [
      extensionOf(id_ce_authorityKeyIdentifier, authorityKeyIdentifier(signer.certificate)),
      extensionOf(id_ce_cRLNumber, encodeDer(new CRLNumber(content.number))),
      ...(content.moreExtensions ?? []),
    ],
  });
  const tbs = withEntries(tbsCertList, content.entries);
  const signature = new BitString({ valueHex: signBytes(signer, new Uint8Array(tbs.toBER())) });
  const list = new Sequence({ value: [tbs, AsnSerializer.toASN(algorithm), signature] });
  return new Uint8Array(list.toBER());
}

/** They stand before the extensions; put there as values, because the schema takes a hundred times as long. */
function withEntries(tbsCertList: TBSCertList, entries: readonly RevocationToList[]): AsnType {
  const tbs = AsnSerializer.toASN(tbsCertList);
  // An empty SEQUENCE may not stand there (RFC 5280 §5.1.2.6).
  if (entries.length > 0)
    childrenOf(tbs).splice(-1, 0, new Sequence({ value: entries.map(revokedCertificate) }));
  return tbs;
}

function authorityKeyIdentifier(certificate: X509Certificate): Uint8Array {
  const hash = keyHash(certificateIdentity(certificate).publicKey);
  return encodeDer(new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(bufferOf(hash)) }));
}

function revokedCertificate({ serialNumber, revokedAt, reason = 'unspecified' }: RevocationToList): Sequence {
  return new Sequence({
    value: [
      new Integer({ valueHex: integerBytes(serialNumber) }),
      AsnSerializer.toASN(new Time(revokedAt)),
      ...(reason === 'unspecified' ? [] : [new Sequence({ value: [reasonExtension(reason)] })]),
    ],
  });
}

function reasonExtension(reason: RevocationReasonName): Sequence {
  const value = new Enumerated({ value: revocationReasonNumber(reason) });
  return new Sequence({
    value: [new ObjectIdentifier({ value: id_ce_cRLReasons }), new OctetString({ valueHex: value.toBER() })],
  });
}
