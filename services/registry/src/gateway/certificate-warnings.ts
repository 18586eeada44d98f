import type { CertificateFinding, GatewayNotice, OcspMode } from '@gatehouse/contracts';
import { certificateExtensions } from '@gatehouse/pki';
import type { X509Certificate } from 'node:crypto';
import { isIssuedBy, nameOf, oneLine, parseStored, type ParsedChain } from './certificate-chain.ts';
import { expiryStage, type ExpiringChain } from './certificate-expiry.ts';
import { staples } from './gateway-rules.ts';

/** What of a server chain may surprise, although it can be used. */
export interface WarnedChain {
  readonly path: 'certificates.serverCertificate' | 'certificates.alternativeServerCertificate';
  readonly chain: ParsedChain;
  /** How many certificates were sent. */
  readonly given: number;
}

export interface WarningContext {
  readonly hostname: string | null;
  readonly ocsp: OcspMode;
  readonly trusted: readonly X509Certificate[];
}

export function warningsOfChain(
  { path, chain, given }: WarnedChain,
  { hostname, ocsp, trusted }: WarningContext,
): CertificateFinding[] {
  const warnings: CertificateFinding[] = [];
  const warn = (code: string, message: string): void => void warnings.push({ code, path, message });
  const [leaf] = chain;
  const top = chain.at(-1) ?? leaf;
  if (given > chain.length) {
    warn('root-left-out', 'the root is left out of what devices are sent: who trusts it has it');
  }
  if (hostname !== null && !isCovered(leaf, hostname)) warn(...uncovered(leaf, hostname));
  if (trusted.length > 0 && !trusted.some((root) => isIssuedBy(top, root) || isSame(top, root))) {
    warn(
      'trusted-certificate-not-of-chain',
      `"${nameOf(top)}" was issued by "${oneLine(top.issuer)}", which the trusted certificate is not: an intermediate is missing, or OCSP answers will not be verified`,
    );
  }
  if (!staples(ocsp) && promisesStaple(leaf)) {
    warn(
      'must-staple-not-stapled',
      `"${nameOf(leaf)}" demands stapling (RFC 7633), and ocsp is ${ocsp}: clients that know it refuse the handshake`,
    );
  }
  return warnings;
}

/** Of a chain that is in use: whether devices that name the host by SNI will accept it. */
export function hostnameNotices(pem: string, hostname: string | null): GatewayNotice[] {
  const [leaf] = hostname === null ? [] : parseStored(pem);
  if (hostname === null || leaf === undefined || isCovered(leaf, hostname)) return [];
  const [code, message] = uncovered(leaf, hostname);
  return [{ code, message }];
}

export function expiryNotices(chains: readonly ExpiringChain[], now: Date): GatewayNotice[] {
  return chains.flatMap(({ role, certificate: { subject, notAfter, ...facts } }): GatewayNotice[] => {
    const days = expiryStage({ subject, notAfter, ...facts }, now);
    if (days === undefined) return [];
    const which = `"${subject}" (${role})`;
    return days === 0
      ? [{ code: 'certificate-expired', message: `${which} has expired on ${notAfter}: renew it` }]
      : [{ code: 'certificate-expires-soon', message: `${which} expires on ${notAfter}: renew it` }];
  });
}

/** Subject alternative names only: nobody looks at the common name any more (RFC 9525 §2). */
function isCovered(leaf: X509Certificate, hostname: string): boolean {
  return leaf.checkHost(hostname, { subject: 'never' }) !== undefined;
}

function uncovered(leaf: X509Certificate, hostname: string): [code: string, message: string] {
  const names = leaf.subjectAltName ?? 'no names at all';
  return [
    'hostname-not-covered',
    `"${nameOf(leaf)}" is for ${names}, and not for ${hostname}: devices that check the name refuse it`,
  ];
}

function isSame(a: X509Certificate, b: X509Certificate): boolean {
  return a.fingerprint256 === b.fingerprint256;
}

/** RFC 7633. */
export function promisesStaple(leaf: X509Certificate): boolean {
  try {
    return certificateExtensions(leaf).mustStaple;
  } catch {
    return false;
  }
}
