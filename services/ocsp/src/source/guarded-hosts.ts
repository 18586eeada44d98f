import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import type { Logger } from '@gatehouse/observability';
import type { BreakerState } from '@gatehouse/outbound';
import type { OcspConfig } from '../ocsp.config.ts';
import type { OcspMetrics } from '../observability/ocsp-metrics.ts';
import { GuardedHost } from './guarded-host.ts';

const MAX_HOSTS = 1_000;

/** Every responder and CRL host that certificates named lately. */
export class GuardedHosts {
  readonly #hosts = new LeastRecentlyUsedMap<string, GuardedHost>(MAX_HOSTS);

  constructor(
    private readonly config: OcspConfig,
    private readonly metrics: OcspMetrics,
    private readonly logger: Logger,
  ) {
    metrics.observeHosts(() => this.#hosts.entries());
  }

  of(url: URL): GuardedHost {
    const { host } = url;
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    const guarded = new GuardedHost(host, this.config, (state) => this.#breakerChanged(host, state));
    this.#hosts.set(host, guarded);
    return guarded;
  }

  #breakerChanged(host: string, state: BreakerState): void {
    this.metrics.breakerChanges.add(state);
    if (state === 'open')
      this.logger.warn({ host }, 'the host of certificate status is not asked for a moment');
    else if (state === 'closed') this.logger.info({ host }, 'the host of certificate status is asked again');
  }
}
