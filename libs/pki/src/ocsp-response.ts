import { X509Certificate } from 'node:crypto';
import {
  BasicOCSPResponse,
  id_pkix_ocsp_basic,
  OCSPResponse,
  OCSPResponseStatus,
  type SingleResponse,
} from '@peculiar/asn1-ocsp';
import type { Extension } from '@peculiar/asn1-x509';
import type { AsnType } from 'asn1js';
import {
  bytesOf,
  childrenOf,
  decodeDer,
  DerInvalid,
  hasContextTag,
  originalDer,
  toSchema,
  validDate,
} from './der.ts';
import { readCertificateId, type OcspCertificateId } from './ocsp-certificate-id.ts';
import { readNonce } from './ocsp-nonce.ts';
import { OcspResponseMalformed } from './pki.failures.ts';
import { revocationReasonName, type RevocationReasonName } from './revocation-reason.ts';
import type { SignedBytes } from './signature.ts';

export const OCSP_RESPONSE_MAX_BYTES = 65_536;
/** Statuses in one response, and certificates in it; real ones have one or two. */
const MAX_ENTRIES = 256;
const MAX_CERTIFICATES = 16;

export type OcspResponseStatusName = keyof typeof OCSPResponseStatus;

export interface OcspCertificateStatus {
  readonly certificateId: OcspCertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: Date;
  /** Null: newer information may be had at any time. */
  readonly nextUpdate: Date | null;
  /** Null unless revoked. */
  readonly revokedAt: Date | null;
  readonly revocationReason: RevocationReasonName | null;
  /** OIDs. */
  readonly criticalExtensions: readonly string[];
}

export interface OcspBasicResponse {
  /** DER of the Name, or the SHA-1 of the public key: who says to have signed. */
  readonly responder: { readonly byName: Uint8Array } | { readonly byKey: Uint8Array };
  readonly producedAt: Date;
  readonly certificates: readonly OcspCertificateStatus[];
  readonly nonce: Uint8Array<ArrayBuffer> | null;
  readonly criticalExtensions: readonly string[];
  /** Certificates that came along: nothing about them is checked yet. */
  readonly embedded: readonly X509Certificate[];
  readonly signature: SignedBytes;
}

export interface OcspResponseData {
  readonly status: OcspResponseStatusName;
  /** Null unless `successful`. */
  readonly basic: OcspBasicResponse | null;
}

/** What an OCSPResponse says (RFC 6960 §4.2), believed by nobody yet. Throws OcspResponseMalformed. */
export function readOcspResponse(der: Uint8Array): OcspResponseData {
  try {
    const outer = toSchema(decodeDer(der, { maxBytes: OCSP_RESPONSE_MAX_BYTES }), OCSPResponse);
    const status = OCSPResponseStatus[outer.responseStatus] as OcspResponseStatusName | undefined;
    if (status === undefined) throw new DerInvalid(`a status ${outer.responseStatus} does not exist`);
    if (status !== 'successful') return { status, basic: null };
    if (outer.responseBytes?.responseType !== id_pkix_ocsp_basic) {
      throw new DerInvalid('it holds no BasicOCSPResponse');
    }
    return { status, basic: readBasicResponse(bytesOf(outer.responseBytes.response.buffer)) };
  } catch (error) {
    throw new OcspResponseMalformed('this is no OCSPResponse of RFC 6960', error);
  }
}

function readBasicResponse(der: Uint8Array): OcspBasicResponse {
  const value = decodeDer(der, { maxBytes: OCSP_RESPONSE_MAX_BYTES });
  const basic = toSchema(value, BasicOCSPResponse);
  const [tbs, , , embedded] = childrenOf(value);
  const { producedAt, responses, responseExtensions } = basic.tbsResponseData;
  if (responses.length > MAX_ENTRIES) throw new DerInvalid(`it holds ${responses.length} statuses`);
  return {
    responder: responderOf(tbs),
    producedAt: validDate(producedAt),
    certificates: responses.map(readStatus),
    nonce: readNonce(responseExtensions),
    criticalExtensions: criticalOf(responseExtensions),
    embedded: embedded === undefined ? [] : embeddedCertificates(embedded),
    signature: {
      signed: originalDer(tbs),
      algorithm: basic.signatureAlgorithm,
      signature: bytesOf(basic.signature),
    },
  };
}

function responderOf(tbs: AsnType | undefined): OcspBasicResponse['responder'] {
  const id = childrenOf(tbs).find((field) => hasContextTag(field, 1) || hasContextTag(field, 2));
  const [inner] = childrenOf(id);
  if (id !== undefined && hasContextTag(id, 1)) return { byName: originalDer(inner) };
  if (inner === undefined || !('valueHexView' in inner.valueBlock)) throw new DerInvalid('no responder id');
  return { byKey: new Uint8Array(inner.valueBlock.valueHexView) };
}

function embeddedCertificates(embedded: AsnType): X509Certificate[] {
  const [list] = childrenOf(embedded);
  const certificates = childrenOf(list);
  if (certificates.length > MAX_CERTIFICATES) throw new DerInvalid(`${certificates.length} certificates`);
  return certificates.map((certificate) => new X509Certificate(originalDer(certificate)));
}

function readStatus(single: SingleResponse): OcspCertificateStatus {
  const { revoked, good } = single.certStatus;
  const status = revoked !== undefined ? 'revoked' : good !== undefined ? 'good' : 'unknown';
  const reason = revoked?.revocationReason?.reason;
  return {
    certificateId: readCertificateId(single.certID),
    status,
    thisUpdate: validDate(single.thisUpdate),
    nextUpdate: single.nextUpdate === undefined ? null : validDate(single.nextUpdate),
    revokedAt: revoked === undefined ? null : validDate(revoked.revocationTime),
    revocationReason: reason === undefined ? null : revocationReasonName(reason),
    criticalExtensions: criticalOf(single.singleExtensions),
  };
}

function criticalOf(extensions: readonly Extension[] | undefined): string[] {
  return (extensions ?? []).filter(({ critical }) => critical).map(({ extnID }) => extnID);
}
