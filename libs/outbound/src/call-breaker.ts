import {
  CircuitState,
  circuitBreaker,
  type CircuitBreakerPolicy,
  type IBreaker,
  type Policy,
} from 'cockatiel';

export type BreakerState = 'closed' | 'open' | 'half-open';

/** States as a metric shows them. */
export const BREAKER_STATE_VALUES: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  'half-open': 1,
  open: 2,
};

export interface CallBreakerOptions {
  readonly openMs: number;
  /** What of a call's end says that whoever is called is in trouble. */
  readonly failures: Policy;
  /** Says when too many have failed. */
  readonly sample: IBreaker;
}

/** Lets no call through while too many failed, and then one that tries. */
export class CallBreaker {
  readonly #policy: CircuitBreakerPolicy;
  #openUntil = 0;

  constructor(
    { openMs, failures, sample }: CallBreakerOptions,
    onStateChange: (state: BreakerState) => void,
  ) {
    this.#policy = circuitBreaker(failures, { halfOpenAfter: openMs, breaker: sample });
    this.#policy.onStateChange(() => {
      this.#openUntil = performance.now() + openMs;
      onStateChange(this.state);
    });
  }

  get state(): BreakerState {
    switch (this.#policy.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      case CircuitState.Open:
      case CircuitState.Isolated:
        return 'open';
    }
  }

  /** cockatiel lets callers wait for the call that tries; they are better told at once. */
  get isBroken(): boolean {
    const { state } = this;
    return state === 'half-open' || (state === 'open' && performance.now() < this.#openUntil);
  }

  /** @throws {BrokenCircuitError} and `call` was not made */
  execute<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#policy.execute(call);
  }
}
