import { setTimeout as wait } from 'node:timers/promises';
import { getGatewayAdmission, type GatewayAdmission, type ReplyOf } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import { AnswerDeadline } from '../admission/answer-deadline.ts';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { AskedOnce } from './asked-once.ts';
import { ASK_AGAIN_MS, type RegistryClient } from './registry-client.ts';

export type GatewayLookup =
  | { readonly outcome: 'known'; readonly admission: GatewayAdmission; readonly isCached: boolean }
  | { readonly outcome: 'unknown-gateway' }
  | { readonly outcome: 'unavailable' };

type Answer = ReplyOf<typeof getGatewayAdmission>;

const MAX_GATEWAYS = 10_000;
/** A gateway has one entry, under no device's name. */
const ITSELF = '';

/** How each gateway wants its devices admitted. Holds secrets of access keys, in memory only. */
export class GatewayDirectory extends AskedOnce<Answer, GatewayAdmission | null> {
  readonly #patienceMs: number;

  constructor(registry: RegistryClient, config: AuthConfig, metrics: AuthMetrics, logger: Logger) {
    super({
      maxEntries: MAX_GATEWAYS,
      freshSeconds: config.AUTH_CREDENTIAL_CACHE_SECONDS,
      ask: (gatewayId) => registry.ask(getGatewayAdmission, { gatewayId }),
      entryOf: ({ admission }) => admission,
      productOf: (admission) => admission?.productKey,
      count: (source) => metrics.gatewayLookups.add(source),
      unanswered: (error, gatewayId) =>
        logger.warn({ reason: String(error), gatewayId }, 'the registry did not describe a gateway'),
    });
    this.#patienceMs = config.AUTH_REGISTRY_TIMEOUT_MS;
  }

  /** Of the gateway's version `atLeastVersion` or a later one: an edge may have learnt of a change first. */
  async find(
    gatewayId: string,
    atLeastVersion: number,
    answerBy = AnswerDeadline.NONE,
  ): Promise<GatewayLookup> {
    const cached = this.fresh(gatewayId, ITSELF);
    if (cached !== undefined && cached !== null && cached.version >= atLeastVersion) {
      return { outcome: 'known', admission: cached, isCached: true };
    }
    const deadline = Math.min(performance.now() + this.#patienceMs, answerBy.endsAt);
    for (;;) {
      const admission = await answerBy.within(this.ask(gatewayId, ITSELF));
      if (admission === undefined) return { outcome: 'unavailable' };
      if (admission === null) return { outcome: 'unknown-gateway' };
      if (admission.version >= atLeastVersion) return { outcome: 'known', admission, isCached: false };
      this.discard(gatewayId, ITSELF, admission);
      if (performance.now() + ASK_AGAIN_MS >= deadline) return { outcome: 'unavailable' };
      await wait(ASK_AGAIN_MS);
    }
  }
}
