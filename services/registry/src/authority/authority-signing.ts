import { generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import {
  certificateIdentity,
  commonNameOnly,
  extensionsToIssue,
  issueCertificate,
  newSerialNumber,
  publicKeyInfo,
  subjectOf,
} from '@gatehouse/pki';
import type { AcceptedRequest } from '../issued-certificate/certificate-request-rules.ts';

/** Clocks of devices are never quite right: a new certificate is valid a little before it is made. */
const CLOCK_SKEW_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface AuthorityKeys {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** A self-signed authority (ECDSA P-256) that issues end-entity certificates and nothing else. */
export function newAuthority(commonName: string, days: number, now: Date): AuthorityKeys {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = commonNameOnly(commonName);
  const ownKey = new Uint8Array(publicKeyInfo(publicKey).subjectPublicKey);
  const certificate = issueCertificate(
    {
      serialNumber: newSerialNumber(),
      subject: name,
      issuer: name,
      notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
      notAfter: new Date(now.getTime() + days * DAY_MS),
      publicKey,
      extensions: extensionsToIssue({
        isAuthority: true,
        pathLength: 0,
        keyUsages: ['keyCertSign', 'cRLSign', 'digitalSignature'],
        subjectPublicKey: ownKey,
        issuerPublicKey: ownKey,
      }),
    },
    { key },
  );
  return { certificate, key };
}

export interface CertificateToSign {
  readonly request: AcceptedRequest;
  readonly usage: 'client' | 'server';
  /** Less when the authority ends before. */
  readonly days: number;
  readonly now: Date;
  readonly ocspUrl: string;
  readonly crlUrl: string;
}

/** An end-entity certificate; of the request's subject the common name is kept and nothing else. */
export function signCertificate(authority: AuthorityKeys, wanted: CertificateToSign): X509Certificate {
  const { request, usage, days, now, ocspUrl, crlUrl } = wanted;
  const { publicKey } = request;
  const wantedEnd = now.getTime() + days * DAY_MS;
  const isRsa = publicKey.asymmetricKeyType === 'rsa';
  return issueCertificate(
    {
      serialNumber: newSerialNumber(),
      subject: commonNameOnly(request.commonName),
      issuer: subjectOf(authority.certificate),
      notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
      notAfter: new Date(Math.min(wantedEnd, authority.certificate.validToDate.getTime())),
      publicKey,
      extensions: extensionsToIssue({
        isAuthority: false,
        // RSA key transport of TLS 1.2 servers needs the second.
        keyUsages:
          usage === 'server' && isRsa ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
        extendedKeyUsages: [usage === 'server' ? 'serverAuth' : 'clientAuth'],
        dnsNames: request.dnsNames,
        ipAddresses: request.ipAddresses,
        ocspUrl,
        crlUrl,
        subjectPublicKey: new Uint8Array(publicKeyInfo(publicKey).subjectPublicKey),
        issuerPublicKey: certificateIdentity(authority.certificate).publicKey,
      }),
    },
    { key: authority.key },
  );
}
