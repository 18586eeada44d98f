import {
  bulkhead,
  BulkheadRejectedError,
  CircuitState,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  SamplingBreaker,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { Failure } from '@gatehouse/failure';
import type { OcspConfig } from '../ocsp.config.ts';
import type { BreakerState } from '../observability/ocsp-metrics.ts';
import type { Deadline } from './deadline.ts';
import { SourceHostBusy, SourceHostFailed, SourceHostResting, SourceTimeOver } from './source.failures.ts';

/**
 * One responder or CRL host behind a limit on calls at once, a bounded line, and a breaker: when it is slow or
 * dead, those who need it are told so at once, and nobody else notices.
 */
export class GuardedHost {
  readonly #bulkhead: BulkheadPolicy;
  readonly #breaker: CircuitBreakerPolicy;
  #openUntil = 0;

  constructor(
    readonly host: string,
    private readonly config: OcspConfig,
    onStateChange: (state: BreakerState) => void,
  ) {
    this.#bulkhead = bulkhead(config.OCSP_HOST_CALLS_AT_ONCE, config.OCSP_HOST_CALLS_WAITING);
    this.#breaker = circuitBreaker(handleWhen(isHostInTrouble), {
      halfOpenAfter: config.OCSP_BREAKER_OPEN_MS,
      breaker: new SamplingBreaker({
        threshold: config.OCSP_BREAKER_FAILURE_PERCENT / 100,
        duration: config.OCSP_BREAKER_WINDOW_SECONDS * 1_000,
        minimumRps: config.OCSP_BREAKER_MIN_CALLS / config.OCSP_BREAKER_WINDOW_SECONDS,
      }),
    });
    this.#breaker.onStateChange(() => {
      this.#openUntil = performance.now() + config.OCSP_BREAKER_OPEN_MS;
      onStateChange(this.breakerState);
    });
  }

  get callsUnderWay(): number {
    return this.config.OCSP_HOST_CALLS_AT_ONCE - this.#bulkhead.executionSlots;
  }

  get callsWaiting(): number {
    return this.config.OCSP_HOST_CALLS_WAITING - this.#bulkhead.queueSlots;
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

  /**
   * @param call given the time that is left when its turn has come
   * @throws {SourceHostBusy | SourceHostResting | SourceTimeOver} when no call was made, else what `call` throws
   */
  async run<Result>(deadline: Deadline, call: (remainingMs: number) => Promise<Result>): Promise<Result> {
    this.#throwIfResting();
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), deadline.remainingMs);
    const turn = this.#bulkhead.execute(() => {
      clearTimeout(timer);
      return this.#guarded(deadline, call);
    }, giveUp.signal);
    try {
      return await Promise.race([turn, abortion(giveUp.signal, this.host)]);
    } catch (error) {
      if (isBulkheadRejectedError(error) || error instanceof BulkheadRejectedError) {
        throw new SourceHostBusy(this.host);
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #guarded<Result>(
    deadline: Deadline,
    call: (remainingMs: number) => Promise<Result>,
  ): Promise<Result> {
    // It may have opened while this one waited; and while one call tries whether it may close, nobody waits for that.
    this.#throwIfResting();
    const { remainingMs } = deadline;
    if (remainingMs === 0) throw new SourceTimeOver(this.host);
    try {
      return await this.#breaker.execute(() => call(remainingMs));
    } catch (error) {
      if (isBrokenCircuitError(error)) throw new SourceHostResting(this.host);
      throw error;
    }
  }

  /** cockatiel lets callers wait for the call that tries; they are better told at once. */
  #throwIfResting(): void {
    const { state } = this.#breaker;
    const isResting =
      state === CircuitState.HalfOpen || (state === CircuitState.Open && performance.now() < this.#openUntil);
    if (isResting) throw new SourceHostResting(this.host);
  }
}

/** What says that the host is in trouble; an answer about one certificate does not. */
function isHostInTrouble(error: unknown): boolean {
  if (error instanceof SourceHostFailed) return true;
  return (
    error instanceof Failure &&
    error.code.startsWith('OUTBOUND_') &&
    (error.kind === 'unavailable' || error.kind === 'timeout')
  );
}

/** cockatiel rejects who is aborted only when the turn comes; this gives up on time. */
function abortion(signal: AbortSignal, host: string): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new SourceTimeOver(host)), { once: true });
  return promise;
}
