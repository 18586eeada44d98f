import { BoundedTable } from './bounded-table.ts';
import { ConnectRateExceeded } from './connect-limits.failures.ts';

interface Bucket {
  tokens: number;
  filledAt: number;
}

const MINUTE_MS = 60_000;

/**
 * How often each device connects through this edge: a bucket that holds as many connects as the gateway allows
 * in a minute and fills as fast as that. A connection that ends with DISCONNECT gives its connect back.
 */
export class ConnectRate {
  readonly #buckets: BoundedTable<Bucket>;
  #now = 0;

  /** @param maxDevices remembered at one time; who is forgotten begins with a full bucket */
  constructor(maxDevices: number) {
    this.#buckets = new BoundedTable(maxDevices, ({ filledAt }) => this.#now - filledAt >= MINUTE_MS);
  }

  get devices(): number {
    return this.#buckets.size;
  }

  /**
   * @param perMinute null allows any rate
   * @throws {ConnectRateExceeded}
   */
  take(gatewayId: string, deviceName: string, perMinute: number | null, nowMs = performance.now()): void {
    if (perMinute === null) return;
    const key = keyOf(gatewayId, deviceName);
    const bucket = this.#filled(key, perMinute, nowMs) ?? { tokens: perMinute, filledAt: nowMs };
    if (bucket.tokens < 1) {
      const waitMs = ((1 - bucket.tokens) * MINUTE_MS) / perMinute;
      throw new ConnectRateExceeded(perMinute, Math.ceil(waitMs / 1_000));
    }
    bucket.tokens -= 1;
    this.#buckets.set(key, bucket);
  }

  giveBack(gatewayId: string, deviceName: string, perMinute: number | null): void {
    if (perMinute === null) return;
    const bucket = this.#buckets.get(keyOf(gatewayId, deviceName));
    if (bucket !== undefined) bucket.tokens = Math.min(perMinute, bucket.tokens + 1);
  }

  #filled(key: string, perMinute: number, nowMs: number): Bucket | undefined {
    this.#now = nowMs;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return undefined;
    const grown = ((nowMs - bucket.filledAt) * perMinute) / MINUTE_MS;
    bucket.tokens = Math.min(perMinute, bucket.tokens + grown);
    bucket.filledAt = nowMs;
    return bucket;
  }
}

/** A gateway's id holds no space. */
const keyOf = (gatewayId: string, deviceName: string): string => `${gatewayId} ${deviceName}`;
