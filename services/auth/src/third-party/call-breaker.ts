import {
  CircuitState,
  circuitBreaker,
  handleWhenResult,
  type CircuitBreakerPolicy,
  type IBreaker,
} from 'cockatiel';
import type { AuthenticatorAnswer, AuthenticatorFailureReason } from '../authenticators/authenticator.ts';
import type { BreakerState } from '../observability/auth-metrics.ts';

/** What says that the authenticator itself is in trouble; a refusal, or an answer about one device, does not. */
const FAILURES: ReadonlySet<AuthenticatorFailureReason> = new Set([
  'authenticator-unavailable',
  'authenticator-timeout',
]);

export function isFailure(answer: AuthenticatorAnswer): boolean {
  return answer.outcome === 'failed' && FAILURES.has(answer.reason);
}

/** Lets no call through while too many failed, and then one that tries. */
export class CallBreaker {
  readonly #policy: CircuitBreakerPolicy;
  #openUntil = 0;

  /** @param sample says when too many have failed */
  constructor(openMs: number, sample: IBreaker, onStateChange: (state: BreakerState) => void) {
    this.#policy = circuitBreaker(
      handleWhenResult((answer) => isFailure(answer as AuthenticatorAnswer)),
      { halfOpenAfter: openMs, breaker: sample },
    );
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

  /** cockatiel lets callers wait for the call that tries; devices are better told at once. */
  get isBroken(): boolean {
    const { state } = this;
    return state === 'half-open' || (state === 'open' && performance.now() < this.#openUntil);
  }

  /** @throws {BrokenCircuitError} and `call` was not made */
  execute(call: () => Promise<AuthenticatorAnswer>): Promise<AuthenticatorAnswer> {
    return this.#policy.execute(call);
  }
}
