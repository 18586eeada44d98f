import { Failure } from '@gatehouse/failure';
import { CallBreaker, CallLine, type BreakerState } from '@gatehouse/outbound';
import { handleWhen, isBrokenCircuitError, SamplingBreaker } from 'cockatiel';
import type { OcspConfig } from '../ocsp.config.ts';
import type { Deadline } from './deadline.ts';
import { SourceHostBusy, SourceHostFailed, SourceHostResting, SourceTimeOver } from './source.failures.ts';

/**
 * One responder or CRL host behind a limit on calls at once, a bounded line, and a breaker: when it is slow or
 * dead, those who need it are told so at once, and nobody else notices.
 */
export class GuardedHost {
  readonly #line: CallLine;
  readonly #breaker: CallBreaker;

  constructor(
    readonly host: string,
    config: OcspConfig,
    onStateChange: (state: BreakerState) => void,
  ) {
    this.#line = new CallLine(config.OCSP_HOST_CALLS_AT_ONCE, config.OCSP_HOST_CALLS_WAITING);
    const sample = new SamplingBreaker({
      threshold: config.OCSP_BREAKER_FAILURE_PERCENT / 100,
      duration: config.OCSP_BREAKER_WINDOW_SECONDS * 1_000,
      minimumRps: config.OCSP_BREAKER_MIN_CALLS / config.OCSP_BREAKER_WINDOW_SECONDS,
    });
    this.#breaker = new CallBreaker(
      { openMs: config.OCSP_BREAKER_OPEN_MS, failures: handleWhen(isHostInTrouble), sample },
      onStateChange,
    );
  }

  get callsUnderWay(): number {
    return this.#line.callsUnderWay;
  }

  get callsWaiting(): number {
    return this.#line.callsWaiting;
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /**
   * @param call given the time that is left when its turn has come
   * @throws {SourceHostBusy | SourceHostResting | SourceTimeOver} when no call was made, else what `call` throws
   */
  async run<Result>(deadline: Deadline, call: (remainingMs: number) => Promise<Result>): Promise<Result> {
    this.#throwIfResting();
    const turn = await this.#line.inTurn(() => this.#guarded(deadline, call), deadline.remainingMs);
    if ('result' in turn) return turn.result;
    throw turn.missed === 'queue-full' ? new SourceHostBusy(this.host) : new SourceTimeOver(this.host);
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

  #throwIfResting(): void {
    if (this.#breaker.isBroken) throw new SourceHostResting(this.host);
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
