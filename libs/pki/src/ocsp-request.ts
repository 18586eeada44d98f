import { randomBytes, type X509Certificate } from 'node:crypto';
import { id_pkix_ocsp_nonce, OCSPRequest, Request, TBSRequest } from '@peculiar/asn1-ocsp';
import { decodeDer, encodeDer, toSchema } from './der.ts';
import {
  ocspCertificateId,
  readCertificateId,
  writeCertificateId,
  type CertificateIdHash,
  type OcspCertificateId,
} from './ocsp-certificate-id.ts';
import { nonceExtension, readNonce } from './ocsp-nonce.ts';
import { OcspRequestMalformed } from './pki.failures.ts';

export const OCSP_REQUEST_MAX_BYTES = 16_384;
/** Certificates that one request may ask for. */
const MAX_CERTIFICATES = 32;
/** Twice what 32 certificates take, each with extensions: more only costs time. */
const MAX_NODES = 1_000;
/** RFC 9654 §2.1: what clients send. */
const NONCE_BYTES = 32;

export interface OcspQuestion {
  readonly certificate: X509Certificate;
  readonly issuer: X509Certificate;
  /** Of the CertID; SHA-1 by default, which every responder knows (RFC 5019 §2.1.1). */
  readonly hash?: CertificateIdHash;
  /** Left out: the answer may come from a cache. */
  readonly nonce?: Uint8Array;
}

export function newOcspNonce(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(NONCE_BYTES));
}

/** DER of an OCSPRequest (RFC 6960 §4.1). Throws CertificateMalformed. */
export function buildOcspRequest({
  certificate,
  issuer,
  hash,
  nonce,
}: OcspQuestion): Uint8Array<ArrayBuffer> {
  const reqCert = writeCertificateId(ocspCertificateId(certificate, issuer, hash));
  return encodeDer(
    new OCSPRequest({
      tbsRequest: new TBSRequest({
        requestList: [new Request({ reqCert })],
        ...(nonce === undefined ? {} : { requestExtensions: [nonceExtension(nonce)] }),
      }),
    }),
  );
}

export interface ReceivedOcspRequest {
  readonly certificateIds: readonly OcspCertificateId[];
  readonly nonce: Uint8Array<ArrayBuffer> | null;
}

/** Throws OcspRequestMalformed. A signature of the requester is not looked at. */
export function readOcspRequest(der: Uint8Array): ReceivedOcspRequest {
  try {
    const request = toSchema(
      decodeDer(der, { maxBytes: OCSP_REQUEST_MAX_BYTES, maxNodes: MAX_NODES }),
      OCSPRequest,
    );
    const { requestList, requestExtensions = [] } = request.tbsRequest;
    if (requestList.length === 0 || requestList.length > MAX_CERTIFICATES) {
      throw new Error(`it asks for ${requestList.length} certificates`);
    }
    const odd = requestExtensions.find(({ critical, extnID }) => critical && extnID !== id_pkix_ocsp_nonce);
    if (odd !== undefined) throw new Error(`it holds a critical extension ${odd.extnID}`);
    return {
      certificateIds: requestList.map(({ reqCert }) => readCertificateId(reqCert)),
      nonce: readNonce(requestExtensions),
    };
  } catch (error) {
    throw new OcspRequestMalformed('this is no OCSPRequest of RFC 6960', error);
  }
}
