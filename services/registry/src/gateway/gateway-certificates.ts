import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { GatewayCertificatesPatch } from '@gatehouse/contracts';
import { Failure } from '@gatehouse/failure';
import {
  checkEndsInRoot,
  checkOrder,
  checkValidity,
  factsOfChain,
  nameOf,
  parseCertificates,
  type ParsedChain,
} from './certificate-chain.ts';
import { PrivateKeyEncrypted, PrivateKeyMismatch, PrivateKeyNotPem } from './certificate.failures.ts';
import type { CertificateChain } from './gateway.events.ts';
import { GatewayInputInvalid } from './gateway.failures.ts';

const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type:\s*4,\s*ENCRYPTED/;

/** What of a gateway's certificates was given, read and checked; all of it public. */
export interface GatewayCertificates {
  readonly server?: CertificateChain | undefined;
  readonly deviceRoot?: CertificateChain | undefined;
  readonly trusted?: CertificateChain | undefined;
}

export interface CheckedGatewayCertificates {
  readonly certificates: GatewayCertificates;
  /** Of the server certificate; PKCS #8, PEM, not encrypted: for sealing only. */
  readonly privateKeyPem: string | undefined;
  /** What is wrong, a failure for each field at most. */
  readonly problems: readonly Failure[];
}

/**
 * Reads certificates and key as edges will use them; what is wrong with one field does not hide what is wrong
 * with the next.
 */
export function checkGatewayCertificates(
  input: GatewayCertificatesPatch,
  now: Date,
): CheckedGatewayCertificates {
  const problems: Failure[] = [];
  const attempt = <T>(check: () => T): T | undefined => attempted(problems, check);
  const { serverCertificate, serverPrivateKey, deviceRootCertificate, trustedCertificate } = input;

  if ((serverCertificate === undefined) !== (serverPrivateKey === undefined)) {
    problems.push(keyAndCertificateTogether(serverCertificate === undefined));
  }
  const server = attempt(() =>
    serverCertificate === undefined ? undefined : serverChain(serverCertificate, now),
  );
  const key = attempt(() => (serverPrivateKey === undefined ? undefined : parsePrivateKey(serverPrivateKey)));
  if (server !== undefined && key !== undefined && !server[0].checkPrivateKey(key)) {
    problems.push(new PrivateKeyMismatch(nameOf(server[0])));
  }
  const deviceRoot = attempt(() =>
    deviceRootCertificate === undefined ? undefined : deviceRootChain(deviceRootCertificate, now),
  );
  const trusted = attempt(() =>
    trustedCertificate === undefined ? undefined : trustedChain(trustedCertificate, now),
  );
  return {
    certificates: {
      server: server && factsOfChain(server),
      deviceRoot: deviceRoot && factsOfChain(deviceRoot),
      trusted: trusted && factsOfChain(trusted),
    },
    privateKeyPem: key?.export({ type: 'pkcs8', format: 'pem' }).toString(),
    problems,
  };
}

/** What is wrong with the authorities that a customer's URL is trusted by; undefined when nothing is. */
export function problemOfCaCertificate(pem: string, now: Date): Failure | undefined {
  const problems: Failure[] = [];
  attempted(problems, () => {
    const field = 'authentication.caCertificate';
    checkValidity(field, parseCertificates(field, pem), now);
  });
  return problems[0];
}

function attempted<T>(problems: Failure[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    problems.push(error);
    return undefined;
  }
}

function serverChain(pem: string, now: Date): ParsedChain {
  const field = 'certificates.serverCertificate';
  const chain = parseCertificates(field, pem);
  checkValidity(field, chain, now);
  checkOrder(field, chain);
  return chain;
}

function deviceRootChain(pem: string, now: Date): ParsedChain {
  const field = 'certificates.deviceRootCertificate';
  const chain = parseCertificates(field, pem);
  checkValidity(field, chain, now);
  checkOrder(field, chain);
  checkEndsInRoot(field, chain);
  return chain;
}

/** Any number of roots: answers are signed below one of them. */
function trustedChain(pem: string, now: Date): ParsedChain {
  const field = 'certificates.trustedCertificate';
  const chain = parseCertificates(field, pem);
  checkValidity(field, chain, now);
  return chain;
}

function parsePrivateKey(pem: string): KeyObject {
  if (ENCRYPTED_KEY.test(pem)) throw new PrivateKeyEncrypted();
  try {
    return createPrivateKey(pem);
  } catch {
    throw new PrivateKeyNotPem();
  }
}

function keyAndCertificateTogether(isCertificateMissing: boolean): GatewayInputInvalid {
  const [missing, given] = isCertificateMissing
    ? ['serverCertificate', 'serverPrivateKey']
    : ['serverPrivateKey', 'serverCertificate'];
  return new GatewayInputInvalid([{ path: `certificates.${missing}`, message: `is required with ${given}` }]);
}
