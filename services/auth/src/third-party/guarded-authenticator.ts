import {
  bulkhead,
  CircuitState,
  circuitBreaker,
  handleWhenResult,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  SamplingBreaker,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import type { AdmissionSteps } from '../admission/admission-steps.ts';
import type { AuthConfig } from '../auth.config.ts';
import type {
  Authenticator,
  AuthenticatorAnswer,
  AuthenticatorCredentials,
  AuthenticatorFailureReason,
} from '../authenticators/authenticator.ts';
import type { AuthMetrics, BreakerState } from '../observability/auth-metrics.ts';

type Answer = AuthenticatorAnswer;

/** What says that the authenticator itself is in trouble; a refusal, or an answer about one device, does not. */
const FAILURES: ReadonlySet<AuthenticatorFailureReason> = new Set([
  'authenticator-unavailable',
  'authenticator-timeout',
]);

/**
 * The authenticator of one gateway behind a limit on calls at once, a bounded line, and a breaker: when it is
 * slow or dead, its own devices are told so at once, and nobody else notices.
 */
export class GuardedAuthenticator {
  readonly #bulkhead: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy;
  #openUntil = 0;

  constructor(
    readonly authenticator: Authenticator,
    private readonly config: AuthConfig,
    private readonly metrics: AuthMetrics,
    onStateChange: (state: BreakerState) => void,
  ) {
    this.#bulkhead = bulkhead(
      config.AUTH_AUTHENTICATOR_CALLS_AT_ONCE,
      config.AUTH_AUTHENTICATOR_CALLS_WAITING,
    );
    this.#breaker = circuitBreaker(
      handleWhenResult((answer) => isFailure(answer as Answer)),
      {
        halfOpenAfter: config.AUTH_BREAKER_OPEN_MS,
        breaker: new SamplingBreaker({
          threshold: config.AUTH_BREAKER_FAILURE_PERCENT / 100,
          duration: config.AUTH_BREAKER_WINDOW_SECONDS * 1_000,
          minimumRps: config.AUTH_BREAKER_MIN_CALLS / config.AUTH_BREAKER_WINDOW_SECONDS,
        }),
      },
    );
    this.#breaker.onStateChange(() => {
      this.#openUntil = performance.now() + config.AUTH_BREAKER_OPEN_MS;
      onStateChange(this.breakerState);
    });
  }

  get callsUnderWay(): number {
    return this.config.AUTH_AUTHENTICATOR_CALLS_AT_ONCE - this.#bulkhead.executionSlots;
  }

  get callsWaiting(): number {
    return this.config.AUTH_AUTHENTICATOR_CALLS_WAITING - this.#bulkhead.queueSlots;
  }

  get breakerState(): BreakerState {
    switch (this.#breaker.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      case CircuitState.Open:
      case CircuitState.Isolated:
        return 'open';
    }
  }

  /** @param giveUpAfterMs how long a free place is waited for */
  async ask(
    credentials: AuthenticatorCredentials,
    steps: AdmissionSteps,
    giveUpAfterMs: number,
  ): Promise<Answer> {
    if (this.#isBroken()) return this.#broken(steps);
    try {
      const answer = await this.#inTurn(() => this.#call(credentials, steps), giveUpAfterMs);
      if (answer !== undefined) return answer;
      this.metrics.authenticatorCalls.add('waited-too-long');
      steps.add('authenticator-queue', 'timeout');
      return failed('authenticator-busy', 'too many devices wait for the authenticator');
    } catch (error) {
      if (!isBulkheadRejectedError(error)) throw error;
      this.metrics.authenticatorCalls.add('queue-full');
      steps.add('authenticator-queue', 'full');
      return failed('authenticator-busy', 'too many devices wait for the authenticator');
    }
  }

  async #call(credentials: AuthenticatorCredentials, steps: AdmissionSteps): Promise<Answer> {
    // It may have opened while this one waited; and while one call tries whether it may close, nobody waits for that.
    if (this.#isBroken()) return this.#broken(steps);
    try {
      return await this.#breaker.execute(async () => {
        steps.add('authenticator-queue', this.breakerState === 'half-open' ? 'probe' : 'ok');
        return this.#timed(credentials, steps);
      });
    } catch (error) {
      if (isBrokenCircuitError(error)) return this.#broken(steps);
      throw error;
    }
  }

  async #timed(credentials: AuthenticatorCredentials, steps: AdmissionSteps): Promise<Answer> {
    const startedAt = performance.now();
    const { answer } = await this.authenticator.authenticate(credentials);
    this.metrics.authenticatorSeconds.record((performance.now() - startedAt) / 1_000);
    const outcome = answer.outcome === 'failed' ? answer.reason : answer.outcome;
    this.metrics.authenticatorCalls.add(outcome);
    steps.add('authenticator', outcome, answer.outcome === 'accepted' ? undefined : answer.message);
    return answer;
  }

  /** cockatiel lets callers wait for the call that tries; devices are better told at once. */
  #isBroken(): boolean {
    const state = this.#breaker.state;
    return (
      state === CircuitState.HalfOpen || (state === CircuitState.Open && performance.now() < this.#openUntil)
    );
  }

  #broken(steps: AdmissionSteps): Answer {
    this.metrics.authenticatorCalls.add('breaker-open');
    steps.add('breaker', this.breakerState, 'no call was made: too many calls of the last seconds failed');
    return failed(
      'authenticator-unavailable',
      'the authenticator is not called for a moment: too many calls of the last seconds failed',
    );
  }

  /** cockatiel rejects who is aborted only when the turn comes; this gives up on time. */
  #inTurn<Result>(work: () => Promise<Result>, giveUpAfterMs: number): Promise<Result | undefined> {
    if (this.#bulkhead.executionSlots > 0) return this.#bulkhead.execute(work);
    const giveUp = new AbortController();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        giveUp.abort();
        resolve(undefined);
      }, giveUpAfterMs);
      this.#bulkhead
        .execute(() => {
          clearTimeout(timer);
          return work();
        }, giveUp.signal)
        .then(resolve, (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        });
    });
  }
}

function isFailure(answer: Answer): boolean {
  return answer.outcome === 'failed' && FAILURES.has(answer.reason);
}

function failed(reason: AuthenticatorFailureReason, message: string): Answer {
  return { outcome: 'failed', reason, message };
}
