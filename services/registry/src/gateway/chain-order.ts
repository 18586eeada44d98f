import type { X509Certificate } from 'node:crypto';
import { isIssuedBy, nameOf, namesAsIssuer, oneLine, type ParsedChain } from './certificate-chain.ts';
import {
  CertificateChainOutOfOrder,
  CertificateIntermediateMissing,
  CertificateSignatureInvalid,
  CertificateUnrelated,
  type CertificateField,
} from './certificate.failures.ts';

export interface OrderedChain {
  /** Each certificate before the one that issued it; as given where no order makes a chain of it. */
  readonly chain: ParsedChain;
  readonly isOrdered: boolean;
  readonly problem:
    | CertificateChainOutOfOrder
    | CertificateIntermediateMissing
    | CertificateSignatureInvalid
    | CertificateUnrelated
    | undefined;
}

/**
 * Puts a chain in order and says what is wrong with the order that it had.
 *
 * @param isFirst tells the certificate that the chain is about, where several could be
 */
export function inOrder(
  field: CertificateField,
  given: ParsedChain,
  isFirst: (certificate: X509Certificate) => boolean = () => false,
): OrderedChain {
  if (isChain(given)) return { chain: given, isOrdered: true, problem: undefined };
  const climbed = climb(firstOf(given, isFirst), given);
  const rest = given.filter((each) => !climbed.includes(each));
  const [other] = rest;
  if (other === undefined) {
    const problem = new CertificateChainOutOfOrder(field, climbed.map(nameOf));
    return { chain: climbed, isOrdered: true, problem };
  }
  const top = climbed.at(-1) ?? climbed[0];
  const namedIssuer = rest.find((each) => namesAsIssuer(top, each));
  if (namedIssuer !== undefined && !isSelfSigned(top)) {
    const problem = new CertificateSignatureInvalid(field, nameOf(top), nameOf(namedIssuer));
    return { chain: given, isOrdered: false, problem };
  }
  const problem =
    isSelfSigned(top) || !rest.some((each) => each.ca)
      ? new CertificateUnrelated(field, nameOf(other))
      : new CertificateIntermediateMissing(field, nameOf(top), oneLine(top.issuer));
  return { chain: given, isOrdered: false, problem };
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

function isChain(chain: ParsedChain): boolean {
  return chain.every((certificate, index) => {
    const issuer = chain[index + 1];
    return issuer === undefined || isIssuedBy(certificate, issuer);
  });
}

function firstOf(given: ParsedChain, isFirst: (certificate: X509Certificate) => boolean): X509Certificate {
  const issuesAnother = (each: X509Certificate): boolean =>
    given.some((other) => other !== each && isIssuedBy(other, each));
  const lowest = given.filter((each) => !issuesAnother(each));
  return lowest.find(isFirst) ?? lowest.find(({ ca }) => !ca) ?? lowest[0] ?? given[0];
}

function climb(first: X509Certificate, given: ParsedChain): [X509Certificate, ...X509Certificate[]] {
  const path: [X509Certificate, ...X509Certificate[]] = [first];
  for (let top = first; ;) {
    const issuer = given.find((each) => !path.includes(each) && isIssuedBy(top, each));
    if (issuer === undefined) return path;
    path.push(issuer);
    top = issuer;
  }
}
