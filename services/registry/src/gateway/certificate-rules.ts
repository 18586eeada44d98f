import type { X509Certificate } from 'node:crypto';
import type { Failure } from '@gatehouse/failure';
import { nameViolation, readCertificateProfile, type CertificateProfile } from '@gatehouse/pki';
import { keyOf, nameOf, oneLine, type ParsedChain } from './certificate-chain.ts';
import {
  CertificateClientAuthMissing,
  CertificateCriticalExtensionUnknown,
  CertificateDigitalSignatureMissing,
  CertificateExpired,
  CertificateKeyCertSignMissing,
  CertificateKeyUnsupported,
  CertificateKeyWeak,
  CertificateLeafIsAuthority,
  CertificateMalformed,
  CertificateNameNotAllowed,
  CertificateNotAuthority,
  CertificateNotYetValid,
  CertificatePathLengthExceeded,
  CertificateRootMissing,
  CertificateServerAuthMissing,
  CertificateSignatureWeak,
  CertificateSm2Unsupported,
  type CertificateField,
} from './certificate.failures.ts';
import { isSelfSigned } from './chain-order.ts';

const MIN_RSA_BITS = 2_048;
/** A handshake with a larger one takes tens of milliseconds of a core. */
const MAX_RSA_BITS = 8_192;
const CURVES: ReadonlySet<string | null> = new Set(['P-256', 'P-384', 'P-521']);
const WEAK_HASH = /sha-?1(?!\d)|md[245]/i;
const SM2_WITH_SM3 = '1.2.156.10197.1.501';

/** What is wrong with a chain of a server, leaf first and without its root. */
export function problemsOfServerChain(field: CertificateField, chain: ParsedChain, now: Date): Failure[] {
  const { profiles, problems } = readProfiles(field, chain);
  problems.push(...problemsOfEach(field, chain, profiles, now));
  const [leaf, ...issuers] = chain;
  const [own] = profiles;
  if (own?.isAuthority === true) problems.push(new CertificateLeafIsAuthority(field, nameOf(leaf)));
  if (own?.keyUsage?.digitalSignature === false) {
    problems.push(new CertificateDigitalSignatureMissing(field, nameOf(leaf)));
  }
  for (const [index, certificate] of chain.entries()) {
    if (profiles[index]?.extendedKeyUsage?.serverAuth === false) {
      problems.push(new CertificateServerAuthMissing(field, nameOf(certificate)));
    }
  }
  problems.push(...problemsOfIssuers(field, issuers, profiles.slice(1)));
  if (!profiles.includes(undefined)) problems.push(...problemsOfNames(field, chain));
  return problems;
}

function problemsOfNames(field: CertificateField, chain: ParsedChain): Failure[] {
  const violation = nameViolation(chain);
  if (violation === undefined) return [];
  const { authority, certificate, name, rule } = violation;
  return [
    new CertificateNameNotAllowed(field, nameOf(certificate), { authority: nameOf(authority), name, rule }),
  ];
}

/** What is wrong with the authorities that devices chain to, the root last. */
export function problemsOfDeviceRoot(field: CertificateField, chain: ParsedChain, now: Date): Failure[] {
  const { profiles, problems } = readProfiles(field, chain);
  problems.push(...problemsOfEach(field, chain, profiles, now));
  problems.push(...problemsOfIssuers(field, chain, profiles));
  for (const [index, certificate] of chain.entries()) {
    if (profiles[index]?.extendedKeyUsage?.clientAuth === false) {
      problems.push(new CertificateClientAuthMissing(field, nameOf(certificate)));
    }
  }
  const last = chain.at(-1) ?? chain[0];
  if (!isSelfSigned(last)) {
    problems.push(new CertificateRootMissing(field, nameOf(last), oneLine(last.issuer)));
  }
  return problems;
}

/** What is wrong with certificates that are trusted, each for itself. */
export function problemsOfTrusted(field: CertificateField, chain: ParsedChain, now: Date): Failure[] {
  const { profiles, problems } = readProfiles(field, chain);
  return [...problems, ...problemsOfEach(field, chain, profiles, now)];
}

function readProfiles(
  field: CertificateField,
  chain: ParsedChain,
): { readonly profiles: (CertificateProfile | undefined)[]; readonly problems: Failure[] } {
  const problems: Failure[] = [];
  const profiles = chain.map((certificate, index) => {
    try {
      return readCertificateProfile(certificate.raw);
    } catch (error) {
      problems.push(new CertificateMalformed(field, index + 1, error instanceof Error ? error.message : ''));
      return undefined;
    }
  });
  return { profiles, problems };
}

function problemsOfEach(
  field: CertificateField,
  chain: ParsedChain,
  profiles: readonly (CertificateProfile | undefined)[],
  now: Date,
): Failure[] {
  return chain.flatMap((certificate, index) => [
    ...problemsOfValidity(field, certificate, now),
    ...problemsOfKey(field, certificate, profiles[index]),
    ...(profiles[index]?.unknownCritical ?? []).map(
      (extension) => new CertificateCriticalExtensionUnknown(field, nameOf(certificate), extension),
    ),
  ]);
}

function problemsOfValidity(field: CertificateField, certificate: X509Certificate, now: Date): Failure[] {
  const { validFromDate, validToDate } = certificate;
  const name = nameOf(certificate);
  if (now > validToDate) return [new CertificateExpired(field, name, validToDate.toISOString())];
  if (now < validFromDate) return [new CertificateNotYetValid(field, name, validFromDate.toISOString())];
  return [];
}

/** A root is trusted by itself, so how it signed itself does not matter. */
function problemsOfKey(
  field: CertificateField,
  certificate: X509Certificate,
  profile: CertificateProfile | undefined,
): Failure[] {
  const name = nameOf(certificate);
  const { type, bits, curve } = keyOf(certificate);
  const algorithm = certificate.signatureAlgorithm ?? certificate.signatureAlgorithmOid ?? '';
  if (profile?.hasSm2Key === true || certificate.signatureAlgorithmOid === SM2_WITH_SM3) {
    return [new CertificateSm2Unsupported(field, name)];
  }
  const problems: Failure[] = [];
  if (type === 'dsa') problems.push(new CertificateKeyWeak(field, name, 'DSA'));
  else if (bits !== null && type.startsWith('rsa')) {
    const key = `RSA with ${bits} bits`;
    if (bits < MIN_RSA_BITS) problems.push(new CertificateKeyWeak(field, name, key));
    if (bits > MAX_RSA_BITS) problems.push(new CertificateKeyUnsupported(field, name, key));
  } else if (!(type === 'ec' && CURVES.has(curve)) && type !== 'ed25519') {
    problems.push(new CertificateKeyUnsupported(field, name, curve ?? type));
  }
  if (WEAK_HASH.test(algorithm) && !isSelfSigned(certificate)) {
    problems.push(new CertificateSignatureWeak(field, name, algorithm));
  }
  return problems;
}

/**
 * @param issuers from the lowest upwards. Roots of version 1 say nothing of what they may do, so only what
 * stands below the root must say it.
 */
function problemsOfIssuers(
  field: CertificateField,
  issuers: readonly X509Certificate[],
  profiles: readonly (CertificateProfile | undefined)[],
): Failure[] {
  return issuers.flatMap((certificate, index): Failure[] => {
    const profile = profiles[index];
    if (profile === undefined) return [];
    const name = nameOf(certificate);
    const saysNothing = profile.isAuthority === undefined && isSelfSigned(certificate);
    if (profile.isAuthority !== true && !saysNothing) return [new CertificateNotAuthority(field, name)];
    if (profile.keyUsage?.certSign === false) return [new CertificateKeyCertSignMissing(field, name)];
    const { pathLength: allowed } = profile;
    // Certificates that an authority issued to itself do not count (RFC 5280 §4.2.1.9).
    const found = issuers.slice(0, index).filter(({ subject, issuer }) => subject !== issuer).length;
    return allowed !== undefined && found > allowed
      ? [new CertificatePathLengthExceeded(field, name, { allowed, found })]
      : [];
  });
}
