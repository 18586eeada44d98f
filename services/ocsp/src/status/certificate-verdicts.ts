import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { retrySeconds, secondsAfter, usedUntil } from '../lifetime/answer-lifetime.ts';
import type { OcspConfig } from '../ocsp.config.ts';
import type { OcspMetrics } from '../observability/ocsp-metrics.ts';
import { Deadline } from '../source/deadline.ts';
import type { Finding, RevocationSources } from '../source/revocation-sources.ts';
import type { CheckedCertificate } from './checked-certificate.ts';
import type { Verdict } from './verdict.ts';

interface Kept {
  readonly verdict: Verdict;
  /** In a row, without a usable answer. */
  readonly failures: number;
  /** Revoked for good (RFC 5280 §5.3.1): every reason but certificateHold. */
  readonly revoked: Extract<Verdict, { status: 'revoked' }> | undefined;
}

const MAX_FLIGHTS = 5_000;

/**
 * Verdicts on single certificates: asked once however many want to know, kept while they may be used. Without an
 * answer the pause before the next question grows; a certificate that was revoked for good stays so meanwhile.
 */
export class CertificateVerdicts {
  readonly #kept: LeastRecentlyUsedMap<string, Kept>;
  readonly #flights = new Map<string, Promise<Verdict>>();

  constructor(
    private readonly sources: RevocationSources,
    private readonly config: OcspConfig,
    private readonly metrics: OcspMetrics,
  ) {
    this.#kept = new LeastRecentlyUsedMap(config.OCSP_VERDICT_CACHE_ENTRIES);
  }

  async of(checked: CheckedCertificate): Promise<Verdict> {
    const kept = this.#kept.get(checked.key);
    if (kept !== undefined && kept.verdict.validUntil.getTime() > Date.now()) {
      this.metrics.verdictSources.add('cache');
      return kept.verdict;
    }
    const underWay = this.#flights.get(checked.key);
    if (underWay !== undefined) {
      this.metrics.verdictSources.add('shared');
      return underWay;
    }
    if (this.#flights.size >= MAX_FLIGHTS) {
      this.metrics.verdictSources.add('none');
      return this.#unanswered('too many certificates are being asked for', { failures: 1, isFinal: false });
    }
    const flight = this.#ask(checked, kept).finally(() => this.#flights.delete(checked.key));
    this.#flights.set(checked.key, flight);
    return flight;
  }

  async #ask(checked: CheckedCertificate, former: Kept | undefined): Promise<Verdict> {
    const finding = await this.sources.find(checked, new Deadline(this.config.OCSP_TOTAL_TIMEOUT_MS));
    this.metrics.verdictSources.add(finding.outcome === 'found' ? finding.source : 'none');
    const kept = this.#keptOf(finding, former, checked);
    this.#kept.set(checked.key, kept);
    return kept.verdict;
  }

  #keptOf(finding: Finding, former: Kept | undefined, { serialNumber }: CheckedCertificate): Kept {
    if (finding.outcome === 'none') {
      const failures = (former?.failures ?? 0) + 1;
      const unknown = this.#unanswered(finding.reason, { failures, isFinal: finding.isFinal });
      const revoked = former?.revoked;
      const verdict = revoked === undefined ? unknown : { ...revoked, validUntil: unknown.validUntil };
      return { verdict, failures, revoked };
    }
    const { answer, source } = finding;
    const limits = {
      minSeconds: this.config.GATEHOUSE_OCSP_MIN_SECONDS,
      maxSeconds: this.config.GATEHOUSE_OCSP_MAX_SECONDS,
    };
    const validUntil = usedUntil(answer, limits, finding.receivedAt);
    if (answer.status === 'good') {
      return { verdict: { status: 'good', source, validUntil }, failures: 0, revoked: undefined };
    }
    const { revokedAt, reason } = answer;
    const verdict = { status: 'revoked', source, revokedAt, reason, serialNumber, validUntil } as const;
    const isOnHold = reason === 'certificateHold';
    return { verdict, failures: 0, revoked: isOnHold ? undefined : verdict };
  }

  #unanswered(
    reason: string,
    { failures, isFinal }: { failures: number; isFinal: boolean },
  ): Extract<Verdict, { status: 'unknown' }> {
    const pause = {
      firstSeconds: this.config.OCSP_RETRY_SECONDS,
      maxSeconds: this.config.GATEHOUSE_OCSP_MIN_SECONDS,
    };
    const seconds = isFinal
      ? this.config.GATEHOUSE_OCSP_MAX_SECONDS
      : retrySeconds(failures, pause, Math.random());
    return { status: 'unknown', reason, validUntil: secondsAfter(new Date(), seconds) };
  }
}
