import type { CertificateFacts } from '@gatehouse/contracts';
import type { DeviceRoot } from './device-roots.ts';
import type { CertificateRole, GatewayEvent } from './gateway.events.ts';

/** How many days before it expires a certificate is spoken of, and 0: when it has expired. */
export const EXPIRY_STAGES_DAYS: readonly number[] = [0, 1, 7, 30];
const DAY_MS = 86_400_000;

/** The certificate of a chain in use that expires first. */
export interface ExpiringChain {
  readonly role: CertificateRole;
  readonly certificate: CertificateFacts;
}

/** Chains of a gateway, as far as their expiry goes. */
export interface ChainsInUse {
  readonly server: readonly CertificateFacts[];
  readonly alternative: readonly CertificateFacts[] | null;
  readonly deviceRoots: readonly DeviceRoot[];
  readonly trusted: readonly CertificateFacts[] | null;
}

/** By role and fingerprint, the least days that an expiry was noticed for. */
export type NoticedExpiries = Readonly<Record<string, number>>;

/** Device roots that are switched off expire unheard. */
export function expiringChains({ server, alternative, deviceRoots, trusted }: ChainsInUse): ExpiringChain[] {
  const found: ExpiringChain[] = [];
  const add = (role: CertificateRole, chain: readonly CertificateFacts[] | null): void => {
    const [first] = (chain ?? []).toSorted((a, b) => (a.notAfter < b.notAfter ? -1 : 1));
    if (first !== undefined) found.push({ role, certificate: first });
  };
  add('server', server);
  add('alternative-server', alternative);
  for (const { enabled, certificate } of deviceRoots) if (enabled) add('device-root', certificate.chain);
  add('trusted', trusted);
  return found;
}

/** The stage that a certificate has come to: 30, 7 or 1 days, 0 when it has expired; undefined: further away. */
export function expiryStage({ notAfter }: CertificateFacts, now: Date): number | undefined {
  const left = Date.parse(notAfter) - now.getTime();
  return EXPIRY_STAGES_DAYS.find((days) => left <= days * DAY_MS);
}

export function isNoticed(
  noticed: NoticedExpiries,
  { role, certificate }: ExpiringChain,
  days: number,
): boolean {
  return (noticed[noticeKey(role, certificate.fingerprint)] ?? Number.POSITIVE_INFINITY) <= days;
}

/** What has been noticed after an event; a server chain that goes takes its entries along. */
export function evolveNoticed(noticed: NoticedExpiries, event: GatewayEvent): NoticedExpiries {
  if (event.type === 'CertificateExpiryNoticed') {
    const { certificate, fingerprint, days } = event.data;
    return { ...noticed, [noticeKey(certificate, fingerprint)]: days };
  }
  if (event.type !== 'ServerCertificateReplaced' && event.type !== 'ServerCertificateRolledBack') {
    return noticed;
  }
  return Object.fromEntries(
    Object.entries(noticed).filter(([key]) => !/^(?:alternative-)?server /.test(key)),
  );
}

const noticeKey = (role: CertificateRole, fingerprint: string): string => `${role} ${fingerprint}`;
