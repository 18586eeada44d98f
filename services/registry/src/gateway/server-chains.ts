import type { CertificateChain, GatewayEvent } from './gateway.events.ts';

/** How many generations are kept besides the one in force. */
export const FORMER_GENERATIONS = 3;

/** The chains that a gateway shows, together a generation: one, or two with keys of different types. */
export interface ServerChains {
  readonly server: CertificateChain;
  readonly alternative: CertificateChain | null;
}

/** The generation in force first, then up to three before it. */
export type Generations = readonly [ServerChains, ...ServerChains[]];

export function evolveGenerations(
  generations: Generations,
  event: Extract<GatewayEvent, { type: 'ServerCertificateReplaced' | 'ServerCertificateRolledBack' }>,
): Generations {
  const { serverCertificate: server, alternativeServerCertificate: alternative } = event.data;
  const current = { server, alternative };
  if (event.type === 'ServerCertificateRolledBack') return [current, ...generations.slice(2)];
  return event.data.keepsFormer ? [current, ...generations.slice(0, FORMER_GENERATIONS)] : [current];
}

export function isSameGeneration(a: ServerChains, b: ServerChains): boolean {
  return generationFingerprint(a) === generationFingerprint(b);
}

/** Of the first certificate: names the key that belongs to it. */
export function leafFingerprint({ chain }: CertificateChain): string {
  return chain[0]?.fingerprint ?? '';
}

/** Of every chain of all generations. */
export function leafFingerprints(generations: Generations): string[] {
  return generations.flatMap(({ server, alternative }) =>
    [server, alternative].filter((chain) => chain !== null).map(leafFingerprint),
  );
}

/** Of all certificates of a chain, in their order. */
export function fingerprintOf({ chain }: CertificateChain): string {
  return chain.map(({ fingerprint }) => fingerprint).join(' ');
}

function generationFingerprint({ server, alternative }: ServerChains): string {
  return `${fingerprintOf(server)} / ${alternative === null ? '' : fingerprintOf(alternative)}`;
}
