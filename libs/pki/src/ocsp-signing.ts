import type { X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  BasicOCSPResponse,
  CertStatus,
  id_pkix_ocsp_basic,
  KeyHash,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
} from '@peculiar/asn1-ocsp';
import { Certificate, CRLReason, type Extension } from '@peculiar/asn1-x509';
import { certificateIdentity, keyHash } from './certificate-identity.ts';
import { bufferOf, encodeDer, wholeSeconds } from './der.ts';
import { writeCertificateId, type OcspCertificateId } from './ocsp-certificate-id.ts';
import { nonceExtension } from './ocsp-nonce.ts';
import type { OcspResponseStatusName } from './ocsp-response.ts';
import { revocationReasonNumber, type RevocationReasonName } from './revocation-reason.ts';
import { signatureAlgorithmOf, signBytes, type Signer } from './signature.ts';

export interface OcspStatement {
  readonly certificateId: OcspCertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  /** Of `revoked`. */
  readonly revokedAt?: Date | undefined;
  readonly revocationReason?: RevocationReasonName | undefined;
}

export interface OcspResponseContent {
  readonly statements: readonly OcspStatement[];
  readonly producedAt: Date;
  readonly nonce?: Uint8Array | undefined;
  /** Of the response as a whole, for odd ones. */
  readonly extensions?: readonly Extension[];
}

export interface OcspResponder extends Signer {
  /** Whose key signs; named in the response by the hash of its key. */
  readonly certificate: X509Certificate;
  /** Sent along: the responder's own, unless that is the issuer (RFC 6960 §4.2.2.2). */
  readonly embedded?: readonly X509Certificate[];
  readonly nameBy?: 'key' | 'name';
}

/** DER of a signed OCSPResponse (RFC 6960 §4.2). Throws SigningKeyUnsupported, CertificateMalformed. */
export function signOcspResponse(
  responder: OcspResponder,
  content: OcspResponseContent,
): Uint8Array<ArrayBuffer> {
  const extensions = [
    ...(content.nonce === undefined ? [] : [nonceExtension(content.nonce)]),
    ...(content.extensions ?? []),
  ];
  const tbsResponseData = new ResponseData({
    responderID: responderId(responder),
    producedAt: wholeSeconds(content.producedAt),
    responses: content.statements.map(singleResponse),
    ...(extensions.length === 0 ? {} : { responseExtensions: extensions }),
  });
  const basic = new BasicOCSPResponse({
    tbsResponseData,
    signatureAlgorithm: signatureAlgorithmOf(responder),
    signature: signBytes(responder, encodeDer(tbsResponseData)),
    ...(responder.embedded === undefined || responder.embedded.length === 0
      ? {}
      : { certs: responder.embedded.map(({ raw }) => AsnConvert.parse(raw, Certificate)) }),
  });
  return encodeDer(
    new OCSPResponse({
      responseStatus: OCSPResponseStatus.successful,
      responseBytes: new ResponseBytes({
        responseType: id_pkix_ocsp_basic,
        response: new OctetString(encodeDer(basic).buffer),
      }),
    }),
  );
}

/** DER of a refusal, which is not signed: `malformedRequest`, `tryLater`, `unauthorized` and so on. */
export function ocspRefusal(status: Exclude<OcspResponseStatusName, 'successful'>): Uint8Array<ArrayBuffer> {
  return encodeDer(new OCSPResponse({ responseStatus: OCSPResponseStatus[status] }));
}

function responderId({ certificate, nameBy = 'key' }: OcspResponder): ResponderID {
  const { publicKey } = certificateIdentity(certificate);
  return nameBy === 'key'
    ? new ResponderID({ byKey: new KeyHash(bufferOf(keyHash(publicKey))) })
    : new ResponderID({ byName: AsnConvert.parse(certificate.raw, Certificate).tbsCertificate.subject });
}

function singleResponse(statement: OcspStatement): SingleResponse {
  return new SingleResponse({
    certID: writeCertificateId(statement.certificateId),
    certStatus: certStatus(statement),
    thisUpdate: wholeSeconds(statement.thisUpdate),
    ...(statement.nextUpdate === undefined ? {} : { nextUpdate: wholeSeconds(statement.nextUpdate) }),
  });
}

function certStatus({ status, revokedAt, revocationReason, thisUpdate }: OcspStatement): CertStatus {
  switch (status) {
    case 'good':
      return new CertStatus({ good: null });
    case 'unknown':
      return new CertStatus({ unknown: null });
    case 'revoked':
      return new CertStatus({
        revoked: new RevokedInfo({
          revocationTime: wholeSeconds(revokedAt ?? thisUpdate),
          ...(revocationReason === undefined
            ? {}
            : { revocationReason: new CRLReason(revocationReasonNumber(revocationReason)) }),
        }),
      });
  }
}
