import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { addressGroup } from '@gatehouse/contracts';
import type { AllowList } from '@gatehouse/outbound';

export interface ClientRateLimits {
  /** Requests of one client, at once too; 0: any number. */
  readonly perMinute: number;
  /** Who may ask as often as they like: services of one's own, and proxies, behind which many clients are one. */
  readonly unlimited: Pick<AllowList, 'hasAddress'>;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

const MINUTE_MS = 60_000;
const MAX_CLIENTS = 10_000;

/** How often one client, an IPv4 address or a /64 of IPv6, may ask: a token bucket for each of the last 10,000. */
export class ClientRate {
  readonly #buckets = new LeastRecentlyUsedMap<string, Bucket>(MAX_CLIENTS);

  constructor(private readonly limits: ClientRateLimits) {}

  /** @param nowMs as performance.now() */
  admits(address: string, nowMs: number): boolean {
    const { perMinute, unlimited } = this.limits;
    if (perMinute === 0 || unlimited.hasAddress(address)) return true;
    const client = addressGroup(address);
    const bucket = this.#buckets.get(client) ?? { tokens: perMinute, filledAt: nowMs };
    const refill = ((nowMs - bucket.filledAt) / MINUTE_MS) * perMinute;
    bucket.tokens = Math.min(perMinute, bucket.tokens + refill);
    bucket.filledAt = nowMs;
    this.#buckets.set(client, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
