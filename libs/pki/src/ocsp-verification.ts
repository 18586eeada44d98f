import type { X509Certificate } from 'node:crypto';
import { id_pkix_ocsp_nonce } from '@peculiar/asn1-ocsp';
import { certificateExtensions } from './certificate-extensions.ts';
import { certificateIdentity, keyHash, type CertificateIdentity } from './certificate-identity.ts';
import { sameBytes } from './der.ts';
import { isIssuedBy } from './ocsp-certificate-id.ts';
import type { OcspBasicResponse, OcspCertificateStatus, OcspResponseData } from './ocsp-response.ts';
import { certificateSignature } from './certificate-signature.ts';
import { checkSignature, type SignatureVerdict } from './signature.ts';

export interface OcspExpectation {
  readonly certificate: X509Certificate;
  /** Whoever issued it, already trusted. */
  readonly issuer: X509Certificate;
  readonly now: Date;
  /** What was sent. An answer without one is taken unless `isNonceRequired`: many responders answer from a cache. */
  readonly nonce?: Uint8Array;
  readonly isNonceRequired?: boolean;
  /** How wrong clocks may be; 5 minutes by default. */
  readonly clockSkewMs?: number;
  /** How old an answer without nextUpdate may be; a day by default. */
  readonly maxAgeMs?: number;
}

/** Why an answer is not believed. */
export type OcspDefect =
  | 'not-successful'
  | 'certificate-not-covered'
  | 'signer-unknown'
  | 'signer-not-issued-by-issuer'
  | 'signer-not-authorized'
  | 'signer-not-valid-now'
  | 'signature-invalid'
  | 'signature-weak'
  | 'signature-unsupported'
  | 'extension-unknown'
  | 'nonce-missing'
  | 'nonce-mismatch'
  | 'not-yet-valid'
  | 'expired'
  | 'dates-disordered';

export type OcspVerdict =
  | {
      readonly outcome: 'trusted';
      readonly status: OcspCertificateStatus;
      readonly producedAt: Date;
    }
  | {
      readonly outcome: 'untrusted';
      readonly defect: OcspDefect;
      /** For people. */
      readonly reason: string;
    };

const CLOCK_SKEW_MS = 300_000;
const MAX_AGE_MS = 86_400_000;

/** RFC 6960 §3.2: all that must hold before an answer counts. Throws CertificateMalformed. */
export function verifyOcspResponse(response: OcspResponseData, expectation: OcspExpectation): OcspVerdict {
  const { basic } = response;
  if (basic === null) return untrusted('not-successful', `the responder answered ${response.status}`);
  const issuer = certificateIdentity(expectation.issuer);
  const covering = coveringStatus(basic, expectation, issuer);
  if (covering === null) {
    return untrusted('certificate-not-covered', 'the answer is about other certificates');
  }
  return (
    signerDefect(basic, expectation, issuer) ??
    extensionDefect(basic, covering) ??
    nonceDefect(basic, expectation) ??
    dateDefect(basic, covering, expectation) ?? {
      outcome: 'trusted',
      status: covering,
      producedAt: basic.producedAt,
    }
  );
}

type Untrusted = Extract<OcspVerdict, { outcome: 'untrusted' }>;

function untrusted(defect: OcspDefect, reason: string): Untrusted {
  return { outcome: 'untrusted', defect, reason };
}

/** Of several about the same certificate the worst counts, then the newest. */
function coveringStatus(
  basic: OcspBasicResponse,
  { certificate }: OcspExpectation,
  issuer: CertificateIdentity,
): OcspCertificateStatus | null {
  const { serialNumber } = certificateIdentity(certificate);
  const about = basic.certificates.filter(
    ({ certificateId }) => certificateId.serialNumber === serialNumber && isIssuedBy(certificateId, issuer),
  );
  const newestFirst = about.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
  return newestFirst.find(({ status }) => status === 'revoked') ?? newestFirst[0] ?? null;
}

/** RFC 6960 §4.2.2.2: the issuer itself, or one whom the issuer itself made a responder. */
function signerDefect(
  basic: OcspBasicResponse,
  expectation: OcspExpectation,
  issuer: CertificateIdentity,
): Untrusted | null {
  if (isResponder(basic, issuer)) {
    return signatureDefect(checkSignature(expectation.issuer.publicKey, basic.signature));
  }
  const signer = basic.embedded.find((one) => isResponder(basic, certificateIdentity(one)));
  if (signer === undefined) {
    return untrusted('signer-unknown', 'neither the issuer nor a certificate in the answer has signed it');
  }
  return (
    delegationDefect(signer, expectation, issuer) ??
    signatureDefect(checkSignature(signer.publicKey, basic.signature))
  );
}

function isResponder({ responder }: OcspBasicResponse, candidate: CertificateIdentity): boolean {
  return 'byName' in responder
    ? sameBytes(responder.byName, candidate.subject)
    : sameBytes(responder.byKey, keyHash(candidate.publicKey));
}

function delegationDefect(
  signer: X509Certificate,
  expectation: OcspExpectation,
  issuer: CertificateIdentity,
): Untrusted | null {
  if (!sameBytes(certificateIdentity(signer).issuer, issuer.subject)) {
    return untrusted(
      'signer-not-issued-by-issuer',
      'the issuer of the certificate has not made this responder',
    );
  }
  const issued = checkSignature(expectation.issuer.publicKey, certificateSignature(signer));
  if (issued === 'invalid') {
    return untrusted(
      'signer-not-issued-by-issuer',
      "the responder's certificate is not signed by the issuer",
    );
  }
  if (issued !== 'valid') return signatureDefect(issued);
  const { maySignOcsp, maySignData } = certificateExtensions(signer);
  if (!maySignOcsp || !maySignData) {
    return untrusted('signer-not-authorized', "the responder's certificate lacks id-kp-OCSPSigning");
  }
  const { now, clockSkewMs = CLOCK_SKEW_MS } = expectation;
  const isValidNow =
    signer.validFromDate.getTime() - clockSkewMs <= now.getTime() &&
    now.getTime() <= signer.validToDate.getTime() + clockSkewMs;
  return isValidNow
    ? null
    : untrusted('signer-not-valid-now', "the responder's certificate has expired or is not yet valid");
}

function signatureDefect(verdict: SignatureVerdict): Untrusted | null {
  switch (verdict) {
    case 'valid':
      return null;
    case 'invalid':
      return untrusted('signature-invalid', 'its signature is not right');
    case 'weak':
      return untrusted('signature-weak', 'it is signed with MD5, SHA-1 or RSA under 2048 bits');
    case 'unsupported':
      return untrusted('signature-unsupported', 'it is signed with an algorithm that is not known here');
  }
}

function extensionDefect(basic: OcspBasicResponse, covering: OcspCertificateStatus): Untrusted | null {
  const critical = [...basic.criticalExtensions, ...covering.criticalExtensions];
  const unknown = critical.find((id) => id !== id_pkix_ocsp_nonce);
  return unknown === undefined
    ? null
    : untrusted('extension-unknown', `it has a critical extension ${unknown}`);
}

function nonceDefect(
  { nonce }: OcspBasicResponse,
  { nonce: sent, isNonceRequired = false }: OcspExpectation,
): Untrusted | null {
  if (sent === undefined) return null;
  if (nonce === null) {
    return isNonceRequired ? untrusted('nonce-missing', 'it does not repeat the nonce') : null;
  }
  return sameBytes(nonce, sent) ? null : untrusted('nonce-mismatch', 'it answers another request');
}

function dateDefect(
  { producedAt }: OcspBasicResponse,
  { thisUpdate, nextUpdate }: OcspCertificateStatus,
  { now, clockSkewMs = CLOCK_SKEW_MS, maxAgeMs = MAX_AGE_MS }: OcspExpectation,
): Untrusted | null {
  const latest = now.getTime() + clockSkewMs;
  if (thisUpdate.getTime() > latest || producedAt.getTime() > latest) {
    return untrusted('not-yet-valid', `it is of the future: ${thisUpdate.toISOString()}`);
  }
  if (nextUpdate !== null && nextUpdate < thisUpdate) {
    return untrusted('dates-disordered', 'it ends before it begins');
  }
  const endsAt = nextUpdate?.getTime() ?? thisUpdate.getTime() + maxAgeMs;
  return now.getTime() - clockSkewMs > endsAt
    ? untrusted('expired', `it is out of date since ${new Date(endsAt).toISOString()}`)
    : null;
}
