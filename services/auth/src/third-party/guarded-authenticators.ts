import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { createHash } from 'node:crypto';
import type { GatewayAdmission } from '@gatehouse/contracts';
import { key } from '@gatehouse/nest';
import type { Logger } from '@gatehouse/observability';
import type { BreakerState } from '@gatehouse/outbound';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthenticationTarget, Authenticator } from '../authenticators/authenticator.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { GuardedAuthenticator } from './guarded-authenticator.ts';

/** Whom a gateway asks; undefined when its credentials are the imported ones. */
export type MakeAuthenticator = (target: AuthenticationTarget) => Authenticator | undefined;
export const MAKE_AUTHENTICATOR = key<MakeAuthenticator>('MAKE_AUTHENTICATOR');

const MAX_AUTHENTICATORS = 10_000;

interface Guarded {
  /** Of the gateway, whose every change raises it: with the same one the target is the same. */
  readonly version: number;
  /** Digest of the target: another one is another authenticator, with a breaker and places of its own. */
  readonly target: string;
  readonly guarded: GuardedAuthenticator;
}

/** The authenticators of the gateways; each gateway has its own, also when two name the same URL. */
export class GuardedAuthenticators {
  readonly #ofGateway = new LeastRecentlyUsedMap<string, Guarded>(MAX_AUTHENTICATORS);

  constructor(
    private readonly make: MakeAuthenticator,
    private readonly config: AuthConfig,
    private readonly metrics: AuthMetrics,
    private readonly logger: Logger,
  ) {
    metrics.observeAuthenticators(() => this.#all());
  }

  of(gateway: GatewayAdmission): GuardedAuthenticator | undefined {
    const { gatewayId, version } = gateway;
    const known = this.#ofGateway.get(gatewayId);
    if (known?.version === version) return known.guarded;
    const { authentication, accessKeySecret } = gateway;
    const target = createHash('sha256')
      .update(JSON.stringify([authentication, accessKeySecret]))
      .digest('base64');
    if (known?.target === target) {
      this.#ofGateway.set(gatewayId, { ...known, version });
      return known.guarded;
    }
    const authenticator = this.make(gateway);
    if (authenticator === undefined) return undefined;
    const guarded = new GuardedAuthenticator(authenticator, this.config, this.metrics, (state, address) =>
      this.#breakerChanged(gatewayId, state, address),
    );
    this.#ofGateway.set(gatewayId, { version, target, guarded });
    return guarded;
  }

  *#all(): Generator<readonly [gatewayId: string, guarded: GuardedAuthenticator]> {
    for (const [gatewayId, { guarded }] of this.#ofGateway.entries()) yield [gatewayId, guarded];
  }

  /** @param address of whom alone it is; absent: of the gateway */
  #breakerChanged(gatewayId: string, state: BreakerState, address?: string): void {
    if (address !== undefined) {
      this.metrics.addressBreakerChanges.add(state);
      this.logger.debug({ gatewayId, address, state }, "the breaker of an address's calls has changed");
      return;
    }
    this.metrics.breakerChanges.add(state);
    if (state === 'open') this.logger.warn({ gatewayId }, 'the authenticator is not called for a moment');
    else if (state === 'closed') this.logger.info({ gatewayId }, 'the authenticator is called again');
  }
}
