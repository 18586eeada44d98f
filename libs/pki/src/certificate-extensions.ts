import type { X509Certificate } from 'node:crypto';
import {
  AuthorityInfoAccessSyntax,
  Certificate,
  CRLDistributionPoints,
  ExtendedKeyUsage,
  id_ad_ocsp,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_pe_authorityInfoAccess,
  KeyUsage,
  KeyUsageFlags,
  type Extension,
} from '@peculiar/asn1-x509';
import { id_kp_OCSPSigning, id_pkix_ocsp_nocheck } from '@peculiar/asn1-ocsp';
import { Integer } from 'asn1js';
import { bytesOf, childrenOf, decodeDer, parseDer } from './der.ts';
import { CertificateMalformed } from './pki.failures.ts';

/** RFC 7633: what a TLS server of this certificate must do. */
export const TLS_FEATURE = '1.3.6.1.5.5.7.1.24';
/** The extension status_request of RFC 6066, as RFC 7633 numbers it. */
export const STATUS_REQUEST = 5;

/** What extensions say about revocation and about who may sign (RFC 5280 §4.2). */
export interface CertificateExtensions {
  /** http and https URLs of OCSP responders, in the order of the certificate. */
  readonly ocspUrls: readonly string[];
  /** http and https URLs of complete CRLs, by the certificate's own issuer. */
  readonly crlUrls: readonly string[];
  /** URIs of any scheme that the distribution points of such CRLs go by. */
  readonly crlNames: readonly string[];
  readonly mustStaple: boolean;
  /** OIDs; null without the extension: any purpose. */
  readonly extendedKeyUsages: readonly string[] | null;
  readonly maySignOcsp: boolean;
  /** True without the extension, as RFC 5280 §4.2.1.3 lets it. */
  readonly maySignData: boolean;
  readonly maySignRevocationLists: boolean;
  readonly maySignCertificates: boolean;
  readonly isOcspNoCheck: boolean;
}

const MAX_CERTIFICATE_BYTES = 65_536;
const MAX_URLS = 8;
const MAX_URL_CHARACTERS = 2_048;

/** Throws CertificateMalformed. */
export function certificateExtensions(certificate: X509Certificate): CertificateExtensions {
  try {
    const { tbsCertificate } = parseDer(certificate.raw, Certificate, MAX_CERTIFICATE_BYTES);
    return readExtensions(tbsCertificate.extensions ?? []);
  } catch (error) {
    throw new CertificateMalformed('the extensions of a certificate cannot be decoded', error);
  }
}

function readExtensions(extensions: readonly Extension[]): CertificateExtensions {
  const find = <T>(id: string, schema: new () => T): T | null => {
    const value = valueOf(extensions, id);
    return value === null ? null : parseDer(value, schema);
  };
  const extendedKeyUsages = find(id_ce_extKeyUsage, ExtendedKeyUsage);
  const keyUsage = find(id_ce_keyUsage, KeyUsage)?.toNumber() ?? null;
  const may = (flag: KeyUsageFlags): boolean => keyUsage === null || (keyUsage & flag) !== 0;
  const crlNames = (find(id_ce_cRLDistributionPoints, CRLDistributionPoints) ?? [])
    .filter(({ reasons, cRLIssuer }) => reasons === undefined && cRLIssuer === undefined)
    .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
    .flatMap(({ uniformResourceIdentifier }) => uniformResourceIdentifier ?? []);
  return {
    ocspUrls: urlsOf(
      (find(id_pe_authorityInfoAccess, AuthorityInfoAccessSyntax) ?? [])
        .filter(({ accessMethod }) => accessMethod === id_ad_ocsp)
        .map(({ accessLocation }) => accessLocation.uniformResourceIdentifier),
    ),
    crlUrls: urlsOf(crlNames),
    crlNames,
    mustStaple: tlsFeaturesOf(valueOf(extensions, TLS_FEATURE)).includes(STATUS_REQUEST),
    extendedKeyUsages: extendedKeyUsages === null ? null : [...extendedKeyUsages],
    maySignOcsp: extendedKeyUsages?.includes(id_kp_OCSPSigning) ?? false,
    maySignData: may(KeyUsageFlags.digitalSignature),
    maySignRevocationLists: may(KeyUsageFlags.cRLSign),
    maySignCertificates: may(KeyUsageFlags.keyCertSign),
    isOcspNoCheck: valueOf(extensions, id_pkix_ocsp_nocheck) !== null,
  };
}

function valueOf(extensions: readonly Extension[], id: string): Uint8Array | null {
  const found = extensions.find(({ extnID }) => extnID === id);
  return found === undefined ? null : bytesOf(found.extnValue.buffer);
}

function urlsOf(urls: readonly (string | undefined)[]): string[] {
  return urls
    .filter((url) => url !== undefined)
    .filter((url) => url.length <= MAX_URL_CHARACTERS && /^https?:\/\//i.test(url) && URL.canParse(url))
    .slice(0, MAX_URLS);
}

function tlsFeaturesOf(value: Uint8Array | null): number[] {
  if (value === null) return [];
  return childrenOf(decodeDer(value, { maxBytes: 1_024 }))
    .filter((feature) => feature instanceof Integer)
    .map((feature) => feature.valueBlock.valueDec);
}
