import { sign, X509Certificate, type KeyObject } from 'node:crypto';
import { nameOf, TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  Certificate,
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
  type TBSCertificate,
} from '@peculiar/asn1-x509';

export const UNKNOWN_EXTENSION = '1.3.6.1.4.1.99999.1';

/** A chain as a device sends it, its own certificate first, with the key that it signs with. */
export interface DeviceChain {
  readonly cert: string;
  readonly key: string;
}

/** Of a device that an authority issued, with what stands above it, and more. */
export function chain(
  authority: TestAuthority,
  request: Parameters<TestAuthority['issueClient']>[0] = {},
  more: readonly TestCertificate[] = [],
): DeviceChain {
  const issued = authority.issueClient({ commonName: 'pump-1', ...request });
  const above = more.map(({ certificatePem }) => certificatePem).join('');
  return { cert: authority.chainPem(issued) + above, key: issued.privateKeyPem };
}

export function selfSigned(commonName: string): DeviceChain {
  const { certificatePem, privateKeyPem } = TestAuthority.createRoot({
    commonName,
    isAuthority: false,
    keyUsages: ['digitalSignature'],
  });
  return { cert: certificatePem, key: privateKeyPem };
}

export function changedDevice(authority: TestAuthority, change: (tbs: TBSCertificate) => void): DeviceChain {
  const device = authority.issueClient({ commonName: 'pump-1' });
  const changed = changedCertificate(device.certificate, authority.key, change);
  return { cert: changed.toString() + authority.certificatePem, key: device.privateKeyPem };
}

/** Signed again by the same issuer, with SHA-256. */
export function changedCertificate(
  certificate: X509Certificate,
  issuerKey: KeyObject,
  change: (tbs: TBSCertificate) => void,
): X509Certificate {
  const parsed = AsnConvert.parse(certificate.raw, Certificate);
  change(parsed.tbsCertificate);
  const signed = Buffer.from(AsnConvert.serialize(parsed.tbsCertificate));
  parsed.signatureValue = Uint8Array.from(sign('sha256', signed, issuerKey)).buffer;
  return new X509Certificate(Buffer.from(AsnConvert.serialize(parsed)));
}

export function spoiled(certificate: X509Certificate): string {
  const der = Buffer.from(certificate.raw);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return new X509Certificate(der).toString();
}

/** Only subjects of this organization. */
export function permittedSubject(organization: string): Extension {
  const base = new GeneralName({ directoryName: nameOf([{ O: [organization] }]) });
  const constraints = new NameConstraints({
    permittedSubtrees: new GeneralSubtrees([new GeneralSubtree({ base })]),
  });
  return new Extension({
    extnID: id_ce_nameConstraints,
    critical: true,
    extnValue: new OctetString(AsnConvert.serialize(constraints)),
  });
}
