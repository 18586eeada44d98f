import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
  type JsonGeneralName,
  type X509Certificate,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto);

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Clocks of devices are never quite right: a new certificate is valid a little before it is made. */
const CLOCK_SKEW_MS = 3_600_000;
const SERIAL_BYTES = 16;

export interface IssuedCertificate {
  /** End-entity first, then what stands between it and the root; PEM. */
  readonly certificatePem: string;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
}

export interface ServerCertificateRequest {
  readonly commonName: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Days from now; 365 by default. Zero or less makes one that has expired. */
  readonly days?: number;
}

export interface ClientCertificateRequest {
  readonly commonName: string;
  readonly days?: number;
  /** Instead of the common name: RDNs in the order of the certificate, attributes by type. For odd certificates. */
  readonly subject?: readonly Readonly<Record<string, readonly string[]>>[];
  /** Days from now until it is valid; 0 by default. */
  readonly startsInDays?: number;
}

/** A certification authority with its key in memory: for development and tests (ECDSA P-256, RFC 5280). */
export interface CertificateAuthority {
  /** The self-signed root, PEM. */
  readonly certificatePem: string;
  issueServerCertificate(request: ServerCertificateRequest): Promise<IssuedCertificate>;
  issueClientCertificate(request: ClientCertificateRequest): Promise<IssuedCertificate>;
}

export async function createCertificateAuthority(
  commonName = 'Gatehouse development CA',
  days = 3_650,
): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: `CN=${escapeName(commonName)}`,
    ...validity(days),
    keys,
    signingAlgorithm: ECDSA_P256,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const signer = { root, key: keys.privateKey };
  return {
    certificatePem: pemOf(root),
    issueServerCertificate: ({ dnsNames = [], ipAddresses = [], ...rest }) =>
      issue(signer, rest, [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          ...dnsNames.map((value): JsonGeneralName => ({ type: 'dns', value })),
          ...ipAddresses.map((value): JsonGeneralName => ({ type: 'ip', value })),
        ]),
      ]),
    issueClientCertificate: (request) =>
      issue(signer, request, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])]),
  };
}

interface Signer {
  readonly root: X509Certificate;
  readonly key: CryptoKey;
}

async function issue(
  { root, key }: Signer,
  { commonName, days = 365, subject, startsInDays = 0 }: ClientCertificateRequest,
  usage: readonly Extension[],
): Promise<IssuedCertificate> {
  const keys = await webcrypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject:
      subject === undefined
        ? `CN=${escapeName(commonName)}`
        : subject.map((rdn) =>
            Object.fromEntries(Object.entries(rdn).map(([type, values]) => [type, [...values]])),
          ),
    issuer: root.subject,
    ...validity(days),
    ...(startsInDays > 0 ? { notBefore: new Date(Date.now() + startsInDays * DAY_MS) } : {}),
    publicKey: keys.publicKey,
    signingKey: key,
    signingAlgorithm: ECDSA_P256,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await AuthorityKeyIdentifierExtension.create(root),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...usage,
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: pemOf(certificate),
    privateKeyPem: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  const notAfter = new Date(now + days * DAY_MS);
  const notBefore = new Date(Math.min(now, notAfter.getTime() - DAY_MS) - CLOCK_SKEW_MS);
  return { notBefore, notAfter };
}

/** 16 random bytes, positive as RFC 5280 §4.1.2.2 wants it. */
function newSerialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** RFC 4514 §2.4: what would end an attribute value is escaped. */
function escapeName(text: string): string {
  return text.replaceAll(/[",+;<>\\=#]/g, (character) => `\\${character}`);
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
