import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayListener } from '@gatehouse/contracts';
import { serverChains, type ServerChain } from '../gateway/tls-context.ts';
import { promisesStaple } from './must-staple.ts';
import { staplesServer } from './revocation-mode.ts';
import { ServerStaple, type ServerStapleParts, type StapleRequest } from './server-staple.ts';

/** How long a new chain waits for its staple before it is served without one. */
const PATIENCE_MS = 700;
/** After ocsp has let one chain wait in vain, others do not wait for so long. */
const IMPATIENCE_MS = 5_000;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The staples of all chains that this edge serves. */
export class ServerStaples {
  /** By gateway, then by what ocsp is asked. */
  readonly #byGateway = new Map<string, Map<string, ServerStaple>>();
  #impatientUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: ServerStapleParts) {}

  /** Asks for the staples of the gateway's chains, and waits a moment for the answers. Never throws. */
  async prepare(gateway: GatewayListener): Promise<void> {
    const answers = serverChains(gateway)
      .map((chain) => this.#stapleOf(gateway, chain)?.answered)
      .filter((answer) => answer !== undefined);
    if (answers.length === 0 || performance.now() < this.#impatientUntil) return;
    const isLate = await Promise.race([
      Promise.all(answers).then(() => false),
      delay(PATIENCE_MS, true, { ref: false }),
    ]);
    if (isLate) this.#impatientUntil = performance.now() + IMPATIENCE_MS;
  }

  /** Undefined when the gateway does not staple. */
  of(gateway: GatewayListener, chain: ServerChain): ServerStaple | undefined {
    const request = stapleRequest(gateway, chain);
    return request === undefined
      ? undefined
      : this.#byGateway.get(gateway.gatewayId)?.get(JSON.stringify(request));
  }

  /** The gateway serves these chains now: the staples of others are not renewed any more. */
  keep(gateway: GatewayListener): void {
    const staples = this.#byGateway.get(gateway.gatewayId);
    if (staples === undefined) return;
    const kept = new Set(serverChains(gateway).map((chain) => this.of(gateway, chain)));
    for (const [key, staple] of staples) {
      if (kept.has(staple)) continue;
      staple.stop();
      staples.delete(key);
    }
  }

  remove(gatewayId: string): void {
    for (const staple of this.#byGateway.get(gatewayId)?.values() ?? []) staple.stop();
    this.#byGateway.delete(gatewayId);
  }

  stop(): void {
    for (const gatewayId of this.#byGateway.keys()) this.remove(gatewayId);
  }

  /** Staples that hold, and the age of the oldest in seconds; 0 without any. */
  summary(nowMs: number): { readonly count: number; readonly oldestSeconds: number } {
    let count = 0;
    let oldestSeconds = 0;
    for (const staples of this.#byGateway.values()) {
      for (const staple of staples.values()) {
        const validity = staple.validity(nowMs);
        if (validity === undefined) continue;
        count += 1;
        oldestSeconds = Math.max(oldestSeconds, (nowMs - validity.producedAtMs) / 1_000);
      }
    }
    return { count, oldestSeconds };
  }

  #stapleOf(gateway: GatewayListener, chain: ServerChain): ServerStaple | undefined {
    const { gatewayId } = gateway;
    const isPromised = promisesStaple(chain.certificate);
    const request = stapleRequest(gateway, chain);
    if (request === undefined) {
      if (isPromised) {
        this.parts.logger.warn(
          { gatewayId },
          'the server certificate promises a staple (RFC 7633), and the gateway does not staple: set ocsp to "server"',
        );
      }
      return undefined;
    }
    const staples = this.#byGateway.get(gatewayId) ?? new Map<string, ServerStaple>();
    this.#byGateway.set(gatewayId, staples);
    const key = JSON.stringify(request);
    const staple = staples.get(key) ?? new ServerStaple(request, isPromised, this.parts);
    staples.set(key, staple);
    return staple;
  }
}

function stapleRequest(gateway: GatewayListener, { certificate }: ServerChain): StapleRequest | undefined {
  const { gatewayId, ocsp, trustedCertificate, revocation } = gateway;
  if (!staplesServer(ocsp) || trustedCertificate === null) return undefined;
  const chain = [...certificate.matchAll(PEM)].map(([pem]) => pem);
  if (chain.length === 0) return undefined;
  return { gatewayId, chain: chain.slice(0, 16), trustedCertificate, responderUrl: revocation.responderUrl };
}
