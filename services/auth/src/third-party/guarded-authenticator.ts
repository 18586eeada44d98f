import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { addressGroup } from '@gatehouse/contracts';
import { CallBreaker, CallLine, type BreakerState, type Turn } from '@gatehouse/outbound';
import { handleWhenResult, isBrokenCircuitError, SamplingBreaker, type IBreaker } from 'cockatiel';
import type { AdmissionSteps } from '../admission/admission-steps.ts';
import type { AnswerDeadline } from '../admission/answer-deadline.ts';
import type { AuthConfig } from '../auth.config.ts';
import type {
  Authenticator,
  AuthenticatorAnswer,
  AuthenticatorCredentials,
  AuthenticatorFailureReason,
} from '../authenticators/authenticator.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { CallSample } from './call-sample.ts';

type Answer = AuthenticatorAnswer;

export interface DeviceQuestion {
  readonly credentials: AuthenticatorCredentials;
  /** Of the device. */
  readonly remoteAddress: string;
  /** Of the call too. */
  readonly deadline: AnswerDeadline;
}

/** Whom a breaker turned away: all devices, or those of one address. */
type BreakerScope = 'gateway' | 'address';

interface AddressBreaker {
  readonly breaker: CallBreaker;
  /** Who never failed need not be remembered. */
  hasFailed: boolean;
}

/** What says that the authenticator itself is in trouble; a refusal, or an answer about one device, does not. */
const FAILURES: ReadonlySet<AuthenticatorFailureReason> = new Set([
  'authenticator-unavailable',
  'authenticator-timeout',
]);
const isFailure = (answer: Answer): boolean => answer.outcome === 'failed' && FAILURES.has(answer.reason);
const IN_TROUBLE = handleWhenResult((answer) => isFailure(answer as Answer));

/** A call that gets less, and less than the gateway allows, is not worth making. */
const LEAST_CALL_MS = 500;

/** Passes the breakers uncounted: the device had no time left, which says nothing about the authenticator. */
class CallCutShort extends Error {
  constructor(readonly answer: Answer) {
    super('the call was given up before the authenticator had its time');
  }
}

/** More than calls under way by default, so that a breaker outlives the calls that it counts. */
const LEAST_ADDRESSES = 100;

/**
 * The authenticator of one gateway behind a limit on calls at once, a bounded line, and breakers: when it is
 * slow or dead, its own devices are told so at once, and nobody else notices. One address alone breaks only its
 * own calls: what makes an authenticator fail may be what that address sends.
 */
export class GuardedAuthenticator {
  readonly #line: CallLine;
  readonly #sample: CallSample;
  readonly #breaker: CallBreaker;
  readonly #ofAddress: LeastRecentlyUsedMap<string, AddressBreaker>;

  constructor(
    readonly authenticator: Authenticator,
    private readonly config: AuthConfig,
    private readonly metrics: AuthMetrics,
    private readonly onStateChange: (state: BreakerState, address?: string) => void,
  ) {
    const callsAtOnce = config.AUTH_AUTHENTICATOR_CALLS_AT_ONCE;
    this.#line = new CallLine(callsAtOnce, config.AUTH_AUTHENTICATOR_CALLS_WAITING);
    this.#ofAddress = new LeastRecentlyUsedMap(Math.max(LEAST_ADDRESSES, 2 * callsAtOnce));
    this.#sample = new CallSample({
      windowMs: config.AUTH_BREAKER_WINDOW_SECONDS * 1_000,
      failureShare: config.AUTH_BREAKER_FAILURE_PERCENT / 100,
      minCalls: config.AUTH_BREAKER_MIN_CALLS,
    });
    this.#breaker = this.#newBreaker(this.#sample);
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

  /** @param giveUpAfterMs how long a free place is waited for */
  async ask(question: DeviceQuestion, steps: AdmissionSteps, giveUpAfterMs: number): Promise<Answer> {
    const address = addressGroup(question.remoteAddress);
    const broken = this.#broken(address, steps);
    if (broken !== undefined) return broken;
    const spareMs = question.deadline.leftMs() - Math.min(LEAST_CALL_MS, this.authenticator.timeoutMs);
    const turn: Turn<Answer> =
      spareMs < 0
        ? { missed: 'waited-too-long' }
        : await this.#line.inTurn(
            () => this.#call(question, address, steps),
            Math.min(giveUpAfterMs, spareMs),
          );
    if ('result' in turn) return turn.result;
    this.metrics.authenticatorCalls.add(turn.missed);
    steps.add('authenticator-queue', turn.missed === 'queue-full' ? 'full' : 'timeout');
    return failed('authenticator-busy', 'too many devices wait for the authenticator');
  }

  async #call(question: DeviceQuestion, address: string, steps: AdmissionSteps): Promise<Answer> {
    // It may have opened while this one waited; and while one call tries whether it may close, nobody waits for that.
    const broken = this.#broken(address, steps);
    if (broken !== undefined) return broken;
    const ofAddress = this.#breakerOf(address);
    const isProbe = [ofAddress.breaker, this.#breaker].some(({ state }) => state !== 'closed');
    try {
      return await ofAddress.breaker.execute(() =>
        this.#breaker.execute(async () => {
          steps.add('authenticator-queue', isProbe ? 'probe' : 'ok');
          const { answer, isCutShort } = await this.#timed(question, steps);
          // One that tries whether a breaker may close must tell it something.
          if (isCutShort && !isProbe) throw new CallCutShort(answer);
          this.#count(address, ofAddress, answer);
          return answer;
        }),
      );
    } catch (error) {
      if (error instanceof CallCutShort) return error.answer;
      if (isBrokenCircuitError(error)) return this.#turnedAway('gateway', this.breakerState, steps);
      throw error;
    }
  }

  #count(address: string, ofAddress: AddressBreaker, answer: Answer): void {
    if (isFailure(answer)) {
      ofAddress.hasFailed = true;
      // A success beside it may have thought that it need not be remembered.
      if (this.#ofAddress.get(address) === undefined) this.#ofAddress.set(address, ofAddress);
      this.#sample.failed(address);
    } else {
      this.#sample.succeeded();
      if (!ofAddress.hasFailed) this.#ofAddress.delete(address);
    }
  }

  #breakerOf(address: string): AddressBreaker {
    const known = this.#ofAddress.get(address);
    if (known !== undefined) return known;
    const {
      AUTH_BREAKER_FAILURE_PERCENT: percent,
      AUTH_BREAKER_WINDOW_SECONDS: seconds,
      AUTH_BREAKER_MIN_CALLS: minCalls,
    } = this.config;
    const sample = new SamplingBreaker({
      threshold: percent / 100,
      duration: seconds * 1_000,
      minimumRps: minCalls / seconds,
    });
    const made = { breaker: this.#newBreaker(sample, address), hasFailed: false };
    this.#ofAddress.set(address, made);
    return made;
  }

  #newBreaker(sample: IBreaker, address?: string): CallBreaker {
    return new CallBreaker(
      { openMs: this.config.AUTH_BREAKER_OPEN_MS, failures: IN_TROUBLE, sample },
      (state) => this.onStateChange(state, address),
    );
  }

  async #timed(
    { credentials, deadline }: DeviceQuestion,
    steps: AdmissionSteps,
  ): Promise<{ readonly answer: Answer; readonly isCutShort: boolean }> {
    const startedAt = performance.now();
    const timeoutMs = Math.min(this.authenticator.timeoutMs, Math.max(1, deadline.leftMs()));
    const { answer } = await this.authenticator.authenticate(credentials, timeoutMs);
    this.metrics.authenticatorSeconds.record((performance.now() - startedAt) / 1_000);
    const outcome = answer.outcome === 'failed' ? answer.reason : answer.outcome;
    this.metrics.authenticatorCalls.add(outcome);
    steps.add('authenticator', outcome, answer.outcome === 'accepted' ? undefined : answer.message);
    const isCutShort = outcome === 'authenticator-timeout' && timeoutMs < this.authenticator.timeoutMs;
    return { answer, isCutShort };
  }

  #broken(address: string, steps: AdmissionSteps): Answer | undefined {
    if (this.#breaker.isBroken) return this.#turnedAway('gateway', this.breakerState, steps);
    const ofAddress = this.#ofAddress.get(address)?.breaker;
    if (ofAddress?.isBroken === true) return this.#turnedAway('address', ofAddress.state, steps);
    return undefined;
  }

  #turnedAway(scope: BreakerScope, state: BreakerState, steps: AdmissionSteps): Answer {
    const ofWhom = scope === 'address' ? ' from this address' : '';
    this.metrics.authenticatorCalls.add(scope === 'address' ? 'address-breaker-open' : 'breaker-open');
    steps.add('breaker', state, `no call was made: too many calls${ofWhom} failed in the last seconds`);
    return failed(
      'authenticator-unavailable',
      `the authenticator is not called for a moment: too many calls${ofWhom} failed in the last seconds`,
    );
  }
}

function failed(reason: AuthenticatorFailureReason, message: string): Answer {
  return { outcome: 'failed', reason, message };
}
