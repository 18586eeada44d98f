import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { CertificateFacts } from '@gatehouse/contracts';
import type { ServerCertificate } from './gateway.events.ts';
import {
  CertificateChainOutOfOrder,
  CertificateExpired,
  CertificateNotPem,
  CertificateNotYetValid,
  PrivateKeyEncrypted,
  PrivateKeyMismatch,
  PrivateKeyNotPem,
} from './server-certificate.failures.ts';

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type:\s*4,\s*ENCRYPTED/;

export interface CheckedServerCertificate {
  readonly certificate: ServerCertificate;
  /** PKCS #8, PEM, not encrypted: for sealing only. */
  readonly privateKeyPem: string;
}

export interface ServerCertificateInput {
  readonly serverCertificate: string;
  readonly serverPrivateKey: string;
}

/**
 * Checks a chain and its key as an edge will use them. What comes out is written anew from what was parsed, so
 * nothing that stood beside the certificates (such as a private key) goes any further.
 *
 * @throws {CertificateNotPem | CertificateChainOutOfOrder | CertificateExpired | CertificateNotYetValid}
 * @throws {PrivateKeyNotPem | PrivateKeyEncrypted | PrivateKeyMismatch}
 */
export function checkServerCertificate(input: ServerCertificateInput, now: Date): CheckedServerCertificate {
  const chain = parseChain(input.serverCertificate);
  for (const certificate of chain) checkValidity(certificate, now);
  checkOrder(chain);
  const privateKey = parsePrivateKey(input.serverPrivateKey);
  const [leaf] = chain;
  if (!leaf.checkPrivateKey(privateKey)) throw new PrivateKeyMismatch(nameOf(leaf));
  return {
    certificate: { chainPem: chain.map(String).join(''), chain: chain.map(factsOf) },
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function parseChain(pem: string): Chain {
  const [first, ...rest] = pem.match(CERTIFICATE_BLOCK) ?? [];
  if (first === undefined) throw new CertificateNotPem();
  try {
    return [new X509Certificate(first), ...rest.map((block) => new X509Certificate(block))];
  } catch {
    throw new CertificateNotPem();
  }
}

function checkValidity(certificate: X509Certificate, now: Date): void {
  const { validFromDate, validToDate } = certificate;
  if (now > validToDate) throw new CertificateExpired(nameOf(certificate), validToDate.toISOString());
  if (now < validFromDate) throw new CertificateNotYetValid(nameOf(certificate), validFromDate.toISOString());
}

function checkOrder(chain: Chain): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw new CertificateChainOutOfOrder(nameOf(certificate), nameOf(issuer));
    }
  }
}

function parsePrivateKey(pem: string): KeyObject {
  if (ENCRYPTED_KEY.test(pem)) throw new PrivateKeyEncrypted();
  try {
    return createPrivateKey(pem);
  } catch {
    throw new PrivateKeyNotPem();
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: nameOf(certificate),
    issuer: oneLine(certificate.issuer),
    serialNumber: certificate.serialNumber.toLowerCase(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  };
}

/** Of a certificate without a subject, the names it is for (RFC 5280 §4.1.2.6). */
function nameOf(certificate: X509Certificate): string {
  return oneLine(certificate.subject) || (certificate.subjectAltName ?? '');
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}
