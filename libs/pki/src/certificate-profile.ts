import { AsnConvert, AsnParser } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_inhibitAnyPolicy,
  id_ce_issuerAltName,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_policyConstraints,
  id_ce_policyMappings,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  id_pe_authorityInfoAccess,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';

/** What TLS implementations understand when it is critical (RFC 5280 §4.2, RFC 7633). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_ce_issuerAltName,
  id_ce_nameConstraints,
  id_ce_certificatePolicies,
  id_ce_policyMappings,
  id_ce_policyConstraints,
  id_ce_inhibitAnyPolicy,
  id_ce_cRLDistributionPoints,
  id_pe_authorityInfoAccess,
  '2.5.29.14',
  '2.5.29.35',
  '1.3.6.1.5.5.7.1.24',
]);
/** DER of the object identifier 1.2.156.10197.1.301 (GB/T 33560), as parameters of a public key. */
const SM2_CURVE = '06082a811ccf5501822d';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

/** What a certificate says it may be used for (RFC 5280 §4.2.1). */
export interface CertificateProfile {
  /** Undefined where the certificate says nothing of it, as those of version 1 do. */
  readonly isAuthority: boolean | undefined;
  /** How many intermediates may stand below it; undefined: any number. */
  readonly pathLength: number | undefined;
  /** Undefined without the extension: then it may be used for all. */
  readonly keyUsage: { readonly certSign: boolean; readonly digitalSignature: boolean } | undefined;
  /** Undefined without the extension: then it may be used for all. */
  readonly extendedKeyUsage: { readonly serverAuth: boolean; readonly clientAuth: boolean } | undefined;
  /** OpenSSL builds do not all know such keys. */
  readonly hasSm2Key: boolean;
  /** Object identifiers of critical extensions that nobody understands: such a certificate is refused by all. */
  readonly unknownCritical: readonly string[];
}

/**
 * @param der of one certificate
 * @throws {Error} when it is no certificate, or an extension of it cannot be read or is there twice
 */
export function readCertificateProfile(der: Uint8Array): CertificateProfile {
  const { tbsCertificate } = AsnConvert.parse(der, Certificate);
  const extensions = new Map<string, ArrayBuffer>();
  const unknownCritical: string[] = [];
  for (const { extnID, critical, extnValue } of tbsCertificate.extensions ?? []) {
    if (extensions.has(extnID)) throw new Error(`the extension ${extnID} is there twice`);
    extensions.set(extnID, extnValue.buffer);
    if (critical && !UNDERSTOOD.has(extnID)) unknownCritical.push(extnID);
  }
  const { parameters: curve } = tbsCertificate.subjectPublicKeyInfo.algorithm;
  const constraints = parsed(extensions.get(id_ce_basicConstraints), BasicConstraints);
  const flags = parsed(extensions.get(id_ce_keyUsage), KeyUsage)?.toNumber();
  const purposes = parsed(extensions.get(id_ce_extKeyUsage), ExtendedKeyUsage);
  const allows = (purpose: string): boolean =>
    purposes?.some((each) => each === purpose || each === ANY_EXTENDED_KEY_USAGE) ?? true;
  return {
    isAuthority: constraints?.cA,
    pathLength: constraints?.pathLenConstraint,
    keyUsage:
      flags === undefined
        ? undefined
        : {
            certSign: (flags & KeyUsageFlags.keyCertSign) !== 0,
            digitalSignature: (flags & KeyUsageFlags.digitalSignature) !== 0,
          },
    extendedKeyUsage:
      purposes === undefined
        ? undefined
        : { serverAuth: allows(id_kp_serverAuth), clientAuth: allows(id_kp_clientAuth) },
    hasSm2Key: Buffer.from(curve ?? new ArrayBuffer(0)).toString('hex') === SM2_CURVE,
    unknownCritical,
  };
}

function parsed<T>(value: ArrayBuffer | undefined, schema: new () => T): T | undefined {
  return value === undefined ? undefined : AsnParser.parse(value, schema);
}
