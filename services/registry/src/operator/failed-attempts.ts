import { setTimeout as wait } from 'node:timers/promises';
import { BoundedMap } from '@gatehouse/bounded-map';
import { CountedTotal } from '@gatehouse/observability';
import { TooManyFailedAttempts } from '../api/api.failures.ts';

interface Attempts {
  failed: number;
  lastAt: number;
}

export interface AttemptLimits {
  /** Wrong keys from one address that are answered at once. */
  readonly freeAttempts: number;
  /** The longest that an answer is held back, in milliseconds. */
  readonly maxDelayMs: number;
  /** Silence after which an address is forgiven, in milliseconds. */
  readonly forgetAfterMs: number;
  /** Addresses remembered; the one longest silent makes room. */
  readonly maxAddresses: number;
  /** Answers held back at once; beyond, the refusal comes at once and says when to return. */
  readonly maxWaiting: number;
}

export const ATTEMPT_LIMITS: AttemptLimits = {
  freeAttempts: 5,
  maxDelayMs: 2_000,
  forgetAfterMs: 60_000,
  maxAddresses: 10_000,
  maxWaiting: 100,
};

const FIRST_DELAY_MS = 100;

/**
 * Slows down whoever tries keys. Only wrong keys wait: a good one gets in at once, also from an address that
 * somebody else tries from, such as a proxy's.
 */
export class FailedAttempts {
  /** In the order of the last attempt. */
  readonly #byAddress: BoundedMap<string, Attempts>;
  readonly #counted = new CountedTotal(
    'gatehouse.registry.api_key.failures',
    'Requests with an invalid API key',
  );
  #waiting = 0;

  constructor(private readonly limits: AttemptLimits = ATTEMPT_LIMITS) {
    this.#byAddress = new BoundedMap(limits.maxAddresses);
  }

  /** Addresses that are remembered now. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /**
   * Records a wrong key and resolves when it may be answered.
   *
   * @throws {TooManyFailedAttempts} when too many answers are held back already
   */
  async failed(address: string): Promise<void> {
    this.#counted.add();
    const delayMs = this.#delayAfter(address, Date.now());
    if (delayMs === 0) return;
    if (this.#waiting >= this.limits.maxWaiting) {
      throw new TooManyFailedAttempts(Math.ceil(this.limits.maxDelayMs / 1_000));
    }
    this.#waiting += 1;
    try {
      await wait(delayMs, undefined, { ref: false });
    } finally {
      this.#waiting -= 1;
    }
  }

  #delayAfter(address: string, now: number): number {
    const known = this.#byAddress.get(address);
    const failed =
      known === undefined || now - known.lastAt > this.limits.forgetAfterMs ? 1 : known.failed + 1;
    this.#byAddress.set(address, { failed, lastAt: now });
    const over = failed - this.limits.freeAttempts;
    return over <= 0 ? 0 : Math.min(this.limits.maxDelayMs, FIRST_DELAY_MS * 2 ** Math.min(over - 1, 16));
  }
}
