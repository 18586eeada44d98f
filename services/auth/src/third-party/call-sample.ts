import { CircuitState, type IBreaker } from 'cockatiel';

export interface SampleLimits {
  readonly windowMs: number;
  /** From 0 to 1; above it too many have failed. */
  readonly failureShare: number;
  /** With fewer in the window nothing is said. */
  readonly minCalls: number;
}

const SLICES = 10;
const MAX_ADDRESSES = 10_000;

/**
 * Calls of the last seconds, in which the failures of one address weigh as one: whatever it sends, it cannot
 * make an authenticator look dead that answers others.
 */
export class CallSample implements IBreaker {
  /** The latest last. */
  readonly #failedAt = new Map<string, number>();
  #successes: { readonly since: number; count: number }[] = [];
  /** What cockatiel would store; nothing here is. */
  state: unknown = undefined;

  constructor(private readonly limits: SampleLimits) {}

  /** @param nowMs grows from call to call */
  succeeded(nowMs = performance.now()): void {
    this.#forget(nowMs);
    const slice = this.#successes.at(-1);
    if (slice !== undefined && nowMs - slice.since < this.limits.windowMs / SLICES) slice.count += 1;
    else this.#successes.push({ since: nowMs, count: 1 });
  }

  /** @param address of the device that was asked about */
  failed(address: string, nowMs = performance.now()): void {
    this.#forget(nowMs);
    this.#failedAt.delete(address);
    if (this.#failedAt.size < MAX_ADDRESSES) this.#failedAt.set(address, nowMs);
  }

  hasTooManyFailures(nowMs = performance.now()): boolean {
    this.#forget(nowMs);
    const failures = this.#failedAt.size;
    const total = this.#successes.reduce((sum, { count }) => sum + count, failures);
    return total >= this.limits.minCalls && failures > this.limits.failureShare * total;
  }

  /** Told by cockatiel, which does not know the address: {@link succeeded} counts. */
  success(state: CircuitState): void {
    if (state === CircuitState.Closed) return;
    this.#failedAt.clear();
    this.#successes = [];
  }

  failure(state: CircuitState): boolean {
    return state !== CircuitState.Closed || this.hasTooManyFailures();
  }

  #forget(nowMs: number): void {
    const since = nowMs - this.limits.windowMs;
    for (const [address, failedAt] of this.#failedAt) {
      if (failedAt > since) break;
      this.#failedAt.delete(address);
    }
    while ((this.#successes[0]?.since ?? nowMs) <= since) this.#successes.shift();
  }
}
