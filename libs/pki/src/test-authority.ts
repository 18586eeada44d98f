import { createPublicKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import type { Extension, Name } from '@peculiar/asn1-x509';
import { certificateIdentity } from './certificate-identity.ts';
import { commonNameOnly } from './distinguished-name.ts';
import { extensionsToIssue, type ExtensionsToIssue } from './extensions-to-issue.ts';
import { issueCertificate, newSerialNumber, publicKeyInfo, subjectOf } from './issue-certificate.ts';
import type { OcspResponder } from './ocsp-signing.ts';
import type { SignatureHash } from './signature.ts';

export type TestKeyType = 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'p256' | 'p384' | 'ed25519';

/** What a test wants of a certificate; all of it may be wrong. */
export interface TestCertificateRequest extends ExtensionsToIssue {
  readonly commonName: string;
  /** Instead of the common name. */
  readonly subject?: Name;
  /** P-256 by default. */
  readonly keyType?: TestKeyType;
  /** Instead of a new one; private. */
  readonly key?: KeyObject;
  /** An hour ago by default. */
  readonly notBefore?: Date;
  /** In a year by default. */
  readonly notAfter?: Date;
  /** Lower-case hexadecimal; random by default. */
  readonly serialNumber?: string;
  /** Of the issuer's signature; the one that fits its key by default. */
  readonly hash?: SignatureHash;
  /** After all others: for duplicates and for extensions that nobody knows. */
  readonly moreExtensions?: readonly Extension[];
}

export interface TestCertificate {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

const HOUR_MS = 3_600_000;
const YEAR_MS = 31_536_000_000;

/** An authority for tests, hostile ones too: it signs whatever it is told to. */
export class TestAuthority implements TestCertificate {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;

  private constructor(
    issued: TestCertificate,
    /** Above it, its issuer first, without the root; empty for a root. */
    readonly intermediates: readonly X509Certificate[],
  ) {
    this.certificate = issued.certificate;
    this.key = issued.key;
  }

  static createRoot(request: Partial<TestCertificateRequest> = {}): TestAuthority {
    const root = issueForTest({ ...AUTHORITY, commonName: 'Test root', ...request }, null);
    return new TestAuthority(root, []);
  }

  get certificatePem(): string {
    return this.certificate.toString();
  }

  get privateKeyPem(): string {
    return pkcs8Pem(this.key);
  }

  createIntermediate(request: Partial<TestCertificateRequest> = {}): TestAuthority {
    const issued = issueForTest({ ...AUTHORITY, commonName: 'Test intermediate', ...request }, this);
    return new TestAuthority(issued, [issued.certificate, ...this.intermediates]);
  }

  /** With nothing by default but what is asked for. */
  issue(request: TestCertificateRequest): TestCertificate {
    return issueForTest(request, this);
  }

  /** For TLS servers, as a public authority would make it. */
  issueServer(request: Partial<TestCertificateRequest> = {}): TestCertificate {
    const commonName = request.commonName ?? 'localhost';
    return this.issue({
      ...END_ENTITY,
      extendedKeyUsages: ['serverAuth'],
      dnsNames: [commonName],
      ...request,
      commonName,
    });
  }

  issueClient(request: Partial<TestCertificateRequest> = {}): TestCertificate {
    return this.issue({
      ...END_ENTITY,
      extendedKeyUsages: ['clientAuth'],
      commonName: 'a device',
      ...request,
    });
  }

  /** A delegated responder (RFC 6960 §4.2.2.2), as {@link signOcspResponse} wants it. */
  issueResponder(request: Partial<TestCertificateRequest> = {}): OcspResponder & TestCertificate {
    const issued = this.issue({
      ...END_ENTITY,
      extendedKeyUsages: ['ocspSigning'],
      isOcspNoCheck: true,
      commonName: 'Test responder',
      ...request,
    });
    return { ...issued, embedded: [issued.certificate] };
  }

  /** The authority as its own responder. */
  get responder(): OcspResponder {
    return { certificate: this.certificate, key: this.key };
  }

  /** Leaf first, then all that stands between it and the root; PEM. */
  chainPem(leaf: TestCertificate): string {
    return [leaf.certificate, ...this.intermediates].map(String).join('');
  }
}

const AUTHORITY = { isAuthority: true, keyUsages: ['keyCertSign', 'cRLSign'] } as const;
const END_ENTITY = { isAuthority: false, keyUsages: ['digitalSignature'] } as const;

function issueForTest(request: TestCertificateRequest, issuer: TestAuthority | null): TestCertificate {
  const key = request.key ?? newTestKey(request.keyType ?? 'p256');
  const publicKey = createPublicKey(key);
  const subjectPublicKey = new Uint8Array(publicKeyInfo(publicKey).subjectPublicKey);
  const subject = request.subject ?? commonNameOnly(request.commonName);
  const certificate = issueCertificate(
    {
      serialNumber: request.serialNumber ?? newSerialNumber(),
      subject,
      issuer: issuer === null ? subject : subjectOf(issuer.certificate),
      notBefore: request.notBefore ?? new Date(Date.now() - HOUR_MS),
      notAfter: request.notAfter ?? new Date(Date.now() + YEAR_MS),
      publicKey,
      extensions: [
        ...extensionsToIssue({
          subjectPublicKey,
          issuerPublicKey:
            issuer === null ? subjectPublicKey : certificateIdentity(issuer.certificate).publicKey,
          ...request,
        }),
        ...(request.moreExtensions ?? []),
      ],
    },
    { key: issuer?.key ?? key, ...(request.hash === undefined ? {} : { hash: request.hash }) },
  );
  return { certificate, key, certificatePem: certificate.toString(), privateKeyPem: pkcs8Pem(key) };
}

function newTestKey(type: TestKeyType): KeyObject {
  switch (type) {
    case 'rsa-1024':
    case 'rsa-2048':
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) }).privateKey;
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

function pkcs8Pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' });
}
