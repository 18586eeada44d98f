import { createHash, type X509Certificate } from 'node:crypto';
import { certificateExtensions } from '@gatehouse/pki';
import { isIssuedBy, readCertificate } from '../status/checked-certificate.ts';

/** A server certificate that a staple is wanted for. */
export interface StapleSubject {
  /** SHA-256 over the certificate and its issuer, hexadecimal. */
  readonly key: string;
  readonly certificate: X509Certificate;
  readonly issuer: X509Certificate;
  /** Asked in this order. */
  readonly responderUrls: readonly string[];
}

export interface StapleQuestion {
  /** PEM, end-entity first; without the root. */
  readonly chain: readonly string[];
  /** PEM, one or more. */
  readonly trustedCertificate: string;
  readonly responderUrl: string | null;
}

const MAX_URLS = 3;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * @returns the subject, or in words why no staple can be had
 * @throws {ChainUnreadable}
 */
export function stapleSubject({
  chain,
  trustedCertificate,
  responderUrl,
}: StapleQuestion): StapleSubject | string {
  const [certificate, ...intermediates] = chain.map(readCertificate);
  const trusted = (trustedCertificate.match(PEM_CERTIFICATE) ?? []).map(readCertificate);
  if (certificate === undefined || trusted.length === 0)
    return 'the trusted certificate holds no certificate in PEM';
  const path = pathToTrusted(certificate, intermediates, trusted);
  if (path === undefined)
    return 'the chain of the server certificate does not lead to the trusted certificate';
  const [issuer] = path;
  if (issuer === undefined) return 'the server certificate is trusted as it is: nobody answers for it';
  const responderUrls = responderUrl === null ? certificateExtensions(certificate).ocspUrls : [responderUrl];
  if (responderUrls.length === 0) return 'the server certificate names no OCSP responder, and none is set';
  if (responderUrls.some((url) => !URL.canParse(url))) return 'the URL of the OCSP responder is none';
  const key = createHash('sha256').update(certificate.raw).update(issuer.raw).digest('hex');
  return { key, certificate, issuer, responderUrls: responderUrls.slice(0, MAX_URLS) };
}

/**
 * Those above the certificate, up to one that is trusted; undefined when there is no such way. Empty when the
 * certificate itself is trusted.
 */
function pathToTrusted(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const isTrusted = (one: X509Certificate): boolean => trusted.some(({ raw }) => raw.equals(one.raw));
  const path: X509Certificate[] = [];
  let last = certificate;
  const left = new Set(intermediates);
  while (!isTrusted(last)) {
    const below = last;
    const next = [...trusted, ...left].find((one) => one.ca && isIssuedBy(below, one));
    if (next === undefined) return undefined;
    left.delete(next);
    path.push(next);
    last = next;
  }
  return path;
}
