import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import type { GatewayCertificatesPatch } from '@gatehouse/contracts';
import { Failure } from '@gatehouse/failure';
import { factsOfChain, keyOf, nameOf, parseCertificates, type ParsedChain } from './certificate-chain.ts';
import { problemsOfDeviceRoot, problemsOfServerChain, problemsOfTrusted } from './certificate-rules.ts';
import {
  CertificateKeyTypeSame,
  PrivateKeyEncrypted,
  PrivateKeyMismatch,
  PrivateKeyNotPem,
  type CertificateField,
  type PrivateKeyField,
} from './certificate.failures.ts';
import { inOrder, isSelfSigned, type OrderedChain } from './chain-order.ts';
import type { CertificateChain } from './gateway.events.ts';
import { GatewayInputInvalid, refuse } from './gateway.failures.ts';

const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type:\s*4,\s*ENCRYPTED/;

/** What of a gateway's certificates was given, read and checked; all of it public. */
export interface GatewayCertificates {
  readonly server?: CertificateChain | undefined;
  /** Null takes it away. */
  readonly alternative?: CertificateChain | null | undefined;
  readonly deviceRoot?: CertificateChain | undefined;
  readonly trusted?: CertificateChain | undefined;
}

/** Of server certificates; PKCS #8, PEM, not encrypted: for sealing only. */
export interface GatewayPrivateKeys {
  readonly server: string | undefined;
  readonly alternative: string | undefined;
}

export interface CheckedGatewayCertificates {
  readonly certificates: GatewayCertificates;
  /** In the right order where there is one, roots of server chains left out; also of chains with problems. */
  readonly chains: Readonly<Record<keyof GatewayCertificates, ParsedChain | undefined>>;
  readonly privateKeys: GatewayPrivateKeys;
  /** Everything that is wrong, in the order of the fields. */
  readonly problems: readonly Failure[];
}

export interface CheckOptions {
  readonly now: Date;
  /** Also without the key of a server certificate. */
  readonly withoutKeys?: boolean;
}

/**
 * Reads certificates and keys as edges will use them; what is wrong with one field does not hide what is wrong
 * with the next.
 */
export function checkGatewayCertificates(
  input: GatewayCertificatesPatch,
  { now, withoutKeys = false }: CheckOptions,
): CheckedGatewayCertificates {
  const { deviceRootCertificate, trustedCertificate } = input;
  const server = checkedServer(SERVER, input.serverCertificate, input.serverPrivateKey, { now, withoutKeys });
  const alternative = checkedServer(
    ALTERNATIVE,
    input.alternativeServerCertificate ?? undefined,
    input.alternativeServerPrivateKey ?? undefined,
    { now, withoutKeys },
  );
  const deviceRoot = checkedChain('certificates.deviceRootCertificate', deviceRootCertificate, (chain) =>
    problemsOfDeviceRoot('certificates.deviceRootCertificate', chain, now),
  );
  const trusted = checkedTrusted(trustedCertificate, now);
  return {
    certificates: {
      server: server.chain && factsOfChain(server.chain),
      alternative:
        input.alternativeServerCertificate === null
          ? null
          : alternative.chain && factsOfChain(alternative.chain),
      deviceRoot: deviceRoot.chain && factsOfChain(deviceRoot.chain),
      trusted: trusted.chain && factsOfChain(trusted.chain),
    },
    chains: {
      server: server.chain,
      alternative: alternative.chain,
      deviceRoot: deviceRoot.chain,
      trusted: trusted.chain,
    },
    privateKeys: { server: server.key, alternative: alternative.key },
    problems: [server, alternative, deviceRoot, trusted].flatMap(({ problems }) => problems),
  };
}

/** Device roots that come alone, under the field `certificate`. @throws what is wrong with them */
export function checkedDeviceRoot(pem: string, now: Date): CertificateChain {
  const { chain, problems } = checkedChain('certificate', pem, (given) =>
    problemsOfDeviceRoot('certificate', given, now),
  );
  refuse(problems);
  if (chain === undefined) throw new Error('a device root passed without a problem, and is not there');
  return factsOfChain(chain);
}

/** What is wrong with the authorities that a customer's URL is trusted by; undefined when nothing is. */
export function problemOfCaCertificate(pem: string, now: Date): Failure | undefined {
  const field = 'authentication.caCertificate';
  return checkedChain(field, pem, (chain) => problemsOfTrusted(field, chain, now), AS_GIVEN).problems[0];
}

/** A second chain with a key like the first one's helps no client. */
export function problemOfKeyTypes(
  server: CertificateChain,
  alternative: CertificateChain,
): CertificateKeyTypeSame | undefined {
  const type = keyTypeOf(server);
  return type !== undefined && type === keyTypeOf(alternative) ? new CertificateKeyTypeSame(type) : undefined;
}

interface Checked {
  readonly chain: ParsedChain | undefined;
  readonly problems: readonly Failure[];
}

interface ServerFields {
  readonly certificate: CertificateField;
  readonly key: PrivateKeyField;
}

const SERVER: ServerFields = {
  certificate: 'certificates.serverCertificate',
  key: 'certificates.serverPrivateKey',
};
const ALTERNATIVE: ServerFields = {
  certificate: 'certificates.alternativeServerCertificate',
  key: 'certificates.alternativeServerPrivateKey',
};

const AS_GIVEN = (chain: ParsedChain): OrderedChain => ({ chain, isOrdered: true, problem: undefined });

function checkedServer(
  fields: ServerFields,
  pem: string | undefined,
  keyPem: string | undefined,
  { now, withoutKeys = false }: CheckOptions,
): Checked & { readonly key: string | undefined } {
  const problems: Failure[] = [];
  if ((pem === undefined) !== (keyPem === undefined) && !(withoutKeys && keyPem === undefined)) {
    problems.push(keyAndCertificateTogether(fields, pem === undefined));
  }
  const key = attempted(problems, () =>
    keyPem === undefined ? undefined : parsePrivateKey(fields.key, keyPem),
  );
  const owns = (certificate: X509Certificate): boolean =>
    key !== undefined && certificate.checkPrivateKey(key);
  const { chain, problems: ofChain } = checkedChain(
    fields.certificate,
    pem,
    (ordered) => problemsOfServerChain(fields.certificate, ordered, now),
    (given) => {
      const ordered = inOrder(fields.certificate, given, owns);
      return ordered.isOrdered ? { ...ordered, chain: withoutRoot(ordered.chain) } : ordered;
    },
  );
  problems.unshift(...ofChain);
  if (chain !== undefined && key !== undefined && !owns(chain[0])) {
    const owner = chain.find(owns);
    problems.push(new PrivateKeyMismatch(fields.key, nameOf(chain[0]), owner && nameOf(owner)));
  }
  return { chain, problems, key: key?.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Any number of roots: answers are signed below one of them. */
function checkedTrusted(pem: string | undefined, now: Date): Checked {
  const field = 'certificates.trustedCertificate';
  return checkedChain(field, pem, (chain) => problemsOfTrusted(field, chain, now), AS_GIVEN);
}

function checkedChain(
  field: CertificateField,
  pem: string | undefined,
  problemsOf: (chain: ParsedChain) => readonly Failure[],
  order: (chain: ParsedChain) => OrderedChain = (given) => inOrder(field, given),
): Checked {
  const problems: Failure[] = [];
  const given = attempted(problems, () => (pem === undefined ? undefined : parseCertificates(field, pem)));
  if (given === undefined) return { chain: undefined, problems };
  const { chain, isOrdered, problem } = order(given);
  if (problem !== undefined) problems.push(problem);
  // Without an order nobody knows which of them is which.
  if (isOrdered) problems.push(...problemsOf(chain));
  return { chain, problems };
}

/** Whoever trusts the root has it (RFC 8446 §4.4.2). */
function withoutRoot(chain: ParsedChain): ParsedChain {
  const [first, ...rest] = chain;
  const last = rest.at(-1);
  return last !== undefined && isSelfSigned(last) ? [first, ...rest.slice(0, -1)] : chain;
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

function parsePrivateKey(field: PrivateKeyField, pem: string): KeyObject {
  if (ENCRYPTED_KEY.test(pem)) throw new PrivateKeyEncrypted(field);
  try {
    return createPrivateKey(pem);
  } catch {
    throw new PrivateKeyNotPem(field);
  }
}

function keyTypeOf({ chainPem }: CertificateChain): string | undefined {
  try {
    const { type } = keyOf(parseCertificates('certificates.serverCertificate', chainPem)[0]);
    return type.startsWith('rsa') ? 'rsa' : type;
  } catch {
    return undefined;
  }
}

function keyAndCertificateTogether(fields: ServerFields, isCertificateMissing: boolean): GatewayInputInvalid {
  const [missing, given] = isCertificateMissing
    ? [fields.certificate, fields.key]
    : [fields.key, fields.certificate];
  const name = given.replace('certificates.', '');
  return new GatewayInputInvalid([{ path: missing, message: `is required with ${name}` }]);
}
