import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import type { certificateStaple, CertificateStaple, RequestOf } from '@gatehouse/contracts';
import { OutageLog, reasonOf, type Logger } from '@gatehouse/observability';
import { earliest, retrySeconds, secondsAfter } from '../lifetime/answer-lifetime.ts';
import type { OcspConfig } from '../ocsp.config.ts';
import type { OcspMetrics, StapleOrigin } from '../observability/ocsp-metrics.ts';
import { Deadline } from '../source/deadline.ts';
import type { OcspResponders, TrustedAnswer } from '../source/ocsp-responders.ts';
import { stapleOf, stapleReply, type Staple } from './staple.ts';
import type { StapleStore } from './staple-store.ts';
import { stapleSubject, type StapleSubject } from './staple-subject.ts';

/** One server certificate that edges ask a staple for. */
interface Wanted {
  subject: StapleSubject;
  gatewayId: string;
  staple: Staple | undefined;
  /** Why there is none, or no newer one. */
  reason: string;
  /** In a row. */
  failures: number;
  nextAttemptAt: Date;
  askedAt: number;
  flight: Promise<void> | undefined;
  readonly outage: OutageLog;
}

const SWEEP_EVERY_MS = 500;
/** After a refresh is due, so that who asks again finds the new one. */
const REFRESH_TAKES_SECONDS = 1;
/** Of the life of a staple. */
const SPREAD_SHARE = 0.05;
const LONG_AGO = new Date(0);

/**
 * Staples for server certificates: fetched once however many edges ask, refreshed at half of their life while
 * somebody wants them, kept in a bucket for restarts and other instances. One that has ended is never handed out.
 */
export class Staples {
  readonly #wanted: LeastRecentlyUsedMap<string, Wanted>;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly responders: OcspResponders,
    private readonly store: StapleStore,
    private readonly config: OcspConfig,
    private readonly parts: { readonly metrics: OcspMetrics; readonly logger: Logger },
  ) {
    const { metrics } = parts;
    this.#wanted = new LeastRecentlyUsedMap(config.OCSP_STAPLE_CACHE_ENTRIES);
    this.#timer = setInterval(() => this.#refreshDue(), SWEEP_EVERY_MS);
    this.#timer.unref();
    metrics.observeStaples(() => this.#ages());
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** @throws {ChainUnreadable} */
  async staple(question: RequestOf<typeof certificateStaple>): Promise<CertificateStaple> {
    const subject = stapleSubject(question);
    if (typeof subject === 'string') {
      const askAgain = secondsAfter(new Date(), this.config.GATEHOUSE_OCSP_MAX_SECONDS);
      return this.#none({ reason: subject, staple: undefined }, askAgain);
    }
    const wanted = this.#want(subject, question.gatewayId);
    let origin: StapleOrigin = 'memory';
    if (liveStaple(wanted) === undefined && wanted.nextAttemptAt.getTime() <= Date.now()) {
      await this.#refresh(wanted);
      origin = wanted.reason === 'adopted' ? 'bucket' : 'responder';
    }
    const staple = liveStaple(wanted);
    if (staple === undefined) {
      return this.#none(wanted, secondsAfter(wanted.nextAttemptAt, REFRESH_TAKES_SECONDS));
    }
    this.parts.metrics.staples.add('staple');
    this.parts.metrics.stapleOrigins.add(origin);
    return stapleReply(staple, wanted.failures === 0 ? null : wanted.reason, askAgainAt(wanted, staple));
  }

  #want(subject: StapleSubject, gatewayId: string): Wanted {
    const known = this.#wanted.get(subject.key);
    const askedAt = performance.now();
    if (known !== undefined) {
      const isElsewhere = known.subject.responderUrls.join() !== subject.responderUrls.join();
      Object.assign(known, { subject, gatewayId, askedAt });
      if (isElsewhere) Object.assign(known, { failures: 0, nextAttemptAt: LONG_AGO });
      return known;
    }
    const wanted: Wanted = {
      subject,
      gatewayId,
      staple: undefined,
      reason: 'no responder was asked yet',
      failures: 0,
      nextAttemptAt: LONG_AGO,
      askedAt,
      flight: undefined,
      outage: new OutageLog(this.parts.logger, {
        failing: 'no new staple could be fetched',
        mended: 'a new staple was fetched',
      }),
    };
    this.#wanted.set(subject.key, wanted);
    return wanted;
  }

  #none({ reason, staple }: Pick<Wanted, 'reason' | 'staple'>, askAgain: Date): CertificateStaple {
    this.parts.metrics.staples.add('none');
    this.parts.metrics.stapleOrigins.add('none');
    const endedAt = staple?.validUntil.toISOString() ?? null;
    return { outcome: 'none', reason, endedAt, askAgainAt: askAgain.toISOString() };
  }

  #refreshDue(): void {
    const now = Date.now();
    const interestMs = this.config.OCSP_STAPLE_INTEREST_SECONDS * 1_000;
    for (const [key, wanted] of this.#wanted.entries()) {
      const isUnwanted = performance.now() - wanted.askedAt > interestMs;
      if (isUnwanted && liveStaple(wanted) === undefined) this.#wanted.delete(key);
      const isDue = (wanted.staple?.refreshAt.getTime() ?? 0) <= now && wanted.nextAttemptAt.getTime() <= now;
      if (isDue && !isUnwanted) void this.#refresh(wanted);
    }
  }

  /** Never rejects: how it went stands in `wanted`. */
  #refresh(wanted: Wanted): Promise<void> {
    wanted.flight ??= this.#renew(wanted).finally(() => {
      wanted.flight = undefined;
    });
    return wanted.flight;
  }

  async #renew(wanted: Wanted): Promise<void> {
    const { subject } = wanted;
    const stored = await this.store.load(subject);
    if (stored !== undefined && isNewer(stored, wanted.staple)) {
      this.parts.metrics.stapleRefreshes.add('adopted');
      this.#succeed(wanted, stored, 'adopted');
      return;
    }
    try {
      const answer = await this.#fetch(wanted);
      const staple = stapleOf(answer, new Date(), {
        minSeconds: this.config.GATEHOUSE_OCSP_MIN_SECONDS,
        maxSeconds: this.config.GATEHOUSE_OCSP_MAX_SECONDS,
      });
      this.parts.metrics.stapleRefreshes.add('fetched');
      this.#succeed(wanted, staple, 'fetched');
      await this.store.save(subject, staple);
    } catch (error) {
      this.parts.metrics.stapleRefreshes.add('failed');
      // Half of a life is over, but it is better than none.
      wanted.staple = liveStaple(wanted) ?? stored ?? wanted.staple;
      this.#fail(wanted, error);
    }
  }

  async #fetch({ subject, gatewayId }: Wanted): Promise<TrustedAnswer> {
    const deadline = new Deadline(this.config.OCSP_TOTAL_TIMEOUT_MS);
    const reasons: string[] = [];
    for (const url of subject.responderUrls) {
      try {
        return await this.responders.ask(url, { ...subject, gatewayId }, { deadline });
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    throw new Error(reasons.join('; '));
  }

  #succeed(wanted: Wanted, staple: Staple, reason: string): void {
    // Spread, so that of several instances the first one asks and the others find its answer in the bucket.
    const lifeSeconds = (staple.validUntil.getTime() - staple.fetchedAt.getTime()) / 1_000;
    const nextAttemptAt = secondsAfter(staple.refreshAt, Math.random() * SPREAD_SHARE * lifeSeconds);
    Object.assign(wanted, { staple, reason, failures: 0, nextAttemptAt });
    wanted.outage.succeeded();
  }

  #fail(wanted: Wanted, error: unknown): void {
    wanted.failures += 1;
    wanted.reason = reasonOf(error);
    const pause = {
      firstSeconds: this.config.OCSP_RETRY_SECONDS,
      maxSeconds: this.config.GATEHOUSE_OCSP_MIN_SECONDS,
    };
    wanted.nextAttemptAt = secondsAfter(new Date(), retrySeconds(wanted.failures, pause, Math.random()));
    wanted.outage.failed(error, { gatewayId: wanted.gatewayId, validUntil: wanted.staple?.validUntil });
  }

  *#ages(): Generator<readonly [gatewayId: string, ageSeconds: number]> {
    for (const [, wanted] of this.#wanted.entries()) {
      const staple = liveStaple(wanted);
      if (staple !== undefined) yield [wanted.gatewayId, (Date.now() - staple.fetchedAt.getTime()) / 1_000];
    }
  }
}

function liveStaple({ staple }: Wanted): Staple | undefined {
  return staple !== undefined && staple.validUntil.getTime() > Date.now() ? staple : undefined;
}

/** One that another instance has just fetched; one past half of its own life is no news. */
function isNewer(stored: Staple, own: Staple | undefined): boolean {
  const isFresh = stored.refreshAt.getTime() > Date.now();
  return isFresh && (own === undefined || stored.fetchedAt > own.fetchedAt);
}

/** When there should be a newer one; and when this one ends, there may be one after all. */
function askAgainAt({ nextAttemptAt }: Wanted, { validUntil }: Staple): Date {
  return earliest(secondsAfter(nextAttemptAt, REFRESH_TAKES_SECONDS), validUntil);
}
