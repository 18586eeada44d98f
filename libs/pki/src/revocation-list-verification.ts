import type { X509Certificate } from 'node:crypto';
import { certificateExtensions } from './certificate-extensions.ts';
import { certificateIdentity } from './certificate-identity.ts';
import { sameBytes } from './der.ts';
import type { RevocationList, RevokedEntry } from './revocation-list.ts';
import { checkSignature } from './signature.ts';

export interface RevocationListExpectation {
  /** Whether it is in the list. */
  readonly certificate: X509Certificate;
  /** Whoever issued it, already trusted; lists of others are not taken (RFC 5280 §6.3 without indirect CRLs). */
  readonly issuer: X509Certificate;
  readonly now: Date;
  /** How wrong clocks may be; 5 minutes by default. */
  readonly clockSkewMs?: number;
}

/** Why a list is not believed, or says nothing about the certificate. */
export type RevocationListDefect =
  | 'issuer-mismatch'
  | 'issuer-not-authorized'
  | 'signature-invalid'
  | 'signature-weak'
  | 'signature-unsupported'
  | 'extension-unknown'
  | 'certificate-not-covered'
  | 'not-yet-valid'
  | 'expired'
  | 'end-unknown';

export type RevocationListVerdict =
  | { readonly outcome: 'trusted'; readonly status: 'good'; readonly nextUpdate: Date }
  | {
      readonly outcome: 'trusted';
      readonly status: 'revoked';
      readonly entry: RevokedEntry;
      readonly nextUpdate: Date;
    }
  | { readonly outcome: 'untrusted'; readonly defect: RevocationListDefect; readonly reason: string };

const CLOCK_SKEW_MS = 300_000;

/** Throws CertificateMalformed. */
export function verifyRevocationList(
  list: RevocationList,
  expectation: RevocationListExpectation,
): RevocationListVerdict {
  const { nextUpdate } = list;
  // RFC 5280 §5.1.2.5 demands it: without it nobody could tell a replayed list.
  if (nextUpdate === null) return untrusted('end-unknown', 'the list does not say when the next one comes');
  const defect =
    issuerDefect(list, expectation) ??
    scopeDefect(list, expectation) ??
    dateDefect(list, nextUpdate, expectation);
  if (defect !== null) return defect;
  const entry = list.entries.get(certificateIdentity(expectation.certificate).serialNumber);
  // removeFromCRL belongs to delta lists alone: in a complete one it lists nothing.
  return entry === undefined || entry.reason === 'removeFromCRL'
    ? { outcome: 'trusted', status: 'good', nextUpdate }
    : { outcome: 'trusted', status: 'revoked', entry, nextUpdate };
}

type Untrusted = Extract<RevocationListVerdict, { outcome: 'untrusted' }>;

function untrusted(defect: RevocationListDefect, reason: string): Untrusted {
  return { outcome: 'untrusted', defect, reason };
}

function issuerDefect(
  list: RevocationList,
  { certificate, issuer }: RevocationListExpectation,
): Untrusted | null {
  const name = certificateIdentity(issuer).subject;
  if (!sameBytes(list.issuer, name) || !sameBytes(certificateIdentity(certificate).issuer, name)) {
    return untrusted('issuer-mismatch', 'the list is of another issuer');
  }
  if (!certificateExtensions(issuer).maySignRevocationLists) {
    return untrusted('issuer-not-authorized', 'the issuer may not sign revocation lists (key usage cRLSign)');
  }
  switch (checkSignature(issuer.publicKey, list.signature)) {
    case 'valid':
      return null;
    case 'invalid':
      return untrusted('signature-invalid', 'the signature of the list is not right');
    case 'weak':
      return untrusted('signature-weak', 'the list is signed with MD5, SHA-1 or RSA under 2048 bits');
    case 'unsupported':
      return untrusted(
        'signature-unsupported',
        'the list is signed with an algorithm that is not known here',
      );
  }
}

function scopeDefect(
  { scope, unknownCriticalExtensions: [unknown] }: RevocationList,
  { certificate }: RevocationListExpectation,
): Untrusted | null {
  if (unknown !== undefined) {
    return untrusted('extension-unknown', `the list has a critical extension ${unknown}`);
  }
  const isCovered = scope.isComplete && (certificate.ca ? scope.authorities : scope.endEntities);
  if (!isCovered) return untrusted('certificate-not-covered', 'the list is about other certificates');
  return scope.distributionPoint === null || isNamed(scope.distributionPoint, certificate)
    ? null
    : untrusted(
        'certificate-not-covered',
        'the list is about the certificates of another distribution point',
      );
}

/** RFC 5280 §6.3.3 (b)(2)(i): over http anybody could hand out the part of another distribution point. */
function isNamed(points: readonly string[], certificate: X509Certificate): boolean {
  const named = new Set(certificateExtensions(certificate).crlNames.map(normalized));
  return points.some((point) => named.has(normalized(point)));
}

/** RFC 5280 §7.4: scheme and host in any case. */
function normalized(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}

function dateDefect(
  { thisUpdate }: RevocationList,
  nextUpdate: Date,
  { now, clockSkewMs = CLOCK_SKEW_MS }: RevocationListExpectation,
): Untrusted | null {
  if (thisUpdate.getTime() > now.getTime() + clockSkewMs) {
    return untrusted('not-yet-valid', `the list is of the future: ${thisUpdate.toISOString()}`);
  }
  return now.getTime() - clockSkewMs > nextUpdate.getTime()
    ? untrusted('expired', `the list is out of date since ${nextUpdate.toISOString()}`)
    : null;
}
