import { OctetString } from '@peculiar/asn1-schema';
import { id_kp_OCSPSigning, id_pkix_ocsp_nocheck } from '@peculiar/asn1-ocsp';
import {
  AccessDescription,
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ad_ocsp,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  id_pe_authorityInfoAccess,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import { Integer, Null, Sequence } from 'asn1js';
import { keyHash } from './certificate-identity.ts';
import { STATUS_REQUEST, TLS_FEATURE } from './certificate-extensions.ts';
import { bufferOf, encodeDer } from './der.ts';

export type KeyUsageName = keyof typeof KeyUsageFlags;
export type ExtendedUsageName = 'serverAuth' | 'clientAuth' | 'ocspSigning';

export interface NamesToIssue {
  readonly dnsNames?: readonly string[] | undefined;
  readonly ipAddresses?: readonly string[] | undefined;
}

/** What is to stand in the extensions of a certificate, left out where it is not given. */
export interface ExtensionsToIssue extends NamesToIssue {
  /** Absent: no basic constraints at all. */
  readonly isAuthority?: boolean | undefined;
  readonly pathLength?: number | undefined;
  readonly keyUsages?: readonly KeyUsageName[] | undefined;
  readonly extendedKeyUsages?: readonly ExtendedUsageName[] | undefined;
  readonly permittedNames?: NamesToIssue | undefined;
  readonly excludedNames?: NamesToIssue | undefined;
  readonly ocspUrl?: string | undefined;
  readonly crlUrl?: string | undefined;
  readonly mustStaple?: boolean | undefined;
  readonly isOcspNoCheck?: boolean | undefined;
  /** Content of the BIT STRINGs of the keys, for the key identifiers. */
  readonly subjectPublicKey?: Uint8Array | undefined;
  readonly issuerPublicKey?: Uint8Array | undefined;
}

const EXTENDED_USAGES: Readonly<Record<ExtendedUsageName, string>> = {
  serverAuth: id_kp_serverAuth,
  clientAuth: id_kp_clientAuth,
  ocspSigning: id_kp_OCSPSigning,
};

export function extensionsToIssue(wanted: ExtensionsToIssue): Extension[] {
  return [...authorityExtensions(wanted), ...nameExtensions(wanted), ...revocationExtensions(wanted)];
}

/** An extension of one's own: `value` is the DER inside its OCTET STRING. */
export function extensionOf(id: string, value: Uint8Array, critical = false): Extension {
  return new Extension({ extnID: id, critical, extnValue: new OctetString(bufferOf(value)) });
}

function* authorityExtensions(wanted: ExtensionsToIssue): Generator<Extension> {
  const { isAuthority, pathLength, keyUsages, extendedKeyUsages } = wanted;
  if (isAuthority !== undefined) {
    const constraints = new BasicConstraints({
      cA: isAuthority,
      ...(pathLength === undefined ? {} : { pathLenConstraint: pathLength }),
    });
    yield encoded(id_ce_basicConstraints, constraints, true);
  }
  if (keyUsages !== undefined) {
    const flags = keyUsages.reduce((all, name) => all | KeyUsageFlags[name], 0);
    yield encoded(id_ce_keyUsage, new KeyUsage(flags), true);
  }
  if (extendedKeyUsages !== undefined) {
    const usages = extendedKeyUsages.map((name) => EXTENDED_USAGES[name]);
    yield encoded(id_ce_extKeyUsage, new ExtendedKeyUsage(usages));
  }
  if (wanted.subjectPublicKey !== undefined) {
    const identifier = new SubjectKeyIdentifier(bufferOf(keyHash(wanted.subjectPublicKey)));
    yield encoded(id_ce_subjectKeyIdentifier, identifier);
  }
  if (wanted.issuerPublicKey !== undefined) {
    const keyIdentifier = new KeyIdentifier(bufferOf(keyHash(wanted.issuerPublicKey)));
    yield encoded(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier }));
  }
}

function* nameExtensions(wanted: ExtensionsToIssue): Generator<Extension> {
  const names = generalNames(wanted);
  if (names.length > 0) yield encoded(id_ce_subjectAltName, new SubjectAlternativeName(names));
  const { permittedNames, excludedNames } = wanted;
  if (permittedNames !== undefined || excludedNames !== undefined) {
    const constraints = new NameConstraints({
      ...(permittedNames === undefined ? {} : { permittedSubtrees: subtrees(permittedNames) }),
      ...(excludedNames === undefined ? {} : { excludedSubtrees: subtrees(excludedNames) }),
    });
    yield encoded(id_ce_nameConstraints, constraints, true);
  }
}

function* revocationExtensions(wanted: ExtensionsToIssue): Generator<Extension> {
  if (wanted.ocspUrl !== undefined) {
    const responder = new AccessDescription({
      accessMethod: id_ad_ocsp,
      accessLocation: new GeneralName({ uniformResourceIdentifier: wanted.ocspUrl }),
    });
    yield encoded(id_pe_authorityInfoAccess, new AuthorityInfoAccessSyntax([responder]));
  }
  if (wanted.crlUrl !== undefined) {
    const fullName = [new GeneralName({ uniformResourceIdentifier: wanted.crlUrl })];
    const point = new DistributionPoint({ distributionPoint: new DistributionPointName({ fullName }) });
    yield encoded(id_ce_cRLDistributionPoints, new CRLDistributionPoints([point]));
  }
  if (wanted.mustStaple === true) {
    const features = new Sequence({ value: [new Integer({ value: STATUS_REQUEST })] });
    yield extensionOf(TLS_FEATURE, new Uint8Array(features.toBER()));
  }
  if (wanted.isOcspNoCheck === true) {
    yield extensionOf(id_pkix_ocsp_nocheck, new Uint8Array(new Null().toBER()));
  }
}

function generalNames({ dnsNames = [], ipAddresses = [] }: NamesToIssue): GeneralName[] {
  return [
    ...dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...ipAddresses.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
}

function subtrees(names: NamesToIssue): GeneralSubtrees {
  return new GeneralSubtrees(generalNames(names).map((base) => new GeneralSubtree({ base })));
}

function encoded(id: string, value: unknown, critical = false): Extension {
  return extensionOf(id, encodeDer(value), critical);
}
