import { certificateStatus, type CertificateStatus } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { OutageLog, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import { BoundedTable } from '../admission/bounded-table.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { pemChain, type ClientChain } from './client-chain.ts';

export interface CertificateVerdictsParts {
  readonly nats: NatsConnection;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

/** Whose status is asked for, and by which gateway's settings. */
export interface CertificateInQuestion {
  readonly gatewayId: string;
  readonly scope: 'leaf' | 'chain';
  readonly chain: ClientChain;
}

export interface CertificateVerdict {
  readonly status: CertificateStatus['status'];
  /** Until when it holds, in milliseconds since 1970. */
  readonly validUntilMs: number;
  /** For people; empty for `good`. */
  readonly detail: string;
  /** False when ocsp could not be asked: nobody has looked at the certificate. */
  readonly isAnswered: boolean;
}

/** When ocsp does not answer. */
const UNANSWERED_MS = 5_000;
/** However short a verdict holds: nobody is asked more often about one certificate. */
const SOONEST_MS = 1_000;

/** What ocsp says of client certificates, remembered until its verdict ends. */
export class CertificateVerdicts {
  readonly #verdicts: BoundedTable<CertificateVerdict>;
  /** Questions under way: who asks the same waits for the same answer. */
  readonly #asked = new Map<string, Promise<CertificateVerdict>>();
  readonly #outage: OutageLog;

  /** @param maxRemembered verdicts; of more, what was asked longest ago is asked again */
  constructor(
    maxRemembered: number,
    private readonly parts: CertificateVerdictsParts,
  ) {
    this.#verdicts = new BoundedTable(maxRemembered, ({ validUntilMs }) => Date.now() >= validUntilMs);
    this.#outage = new OutageLog(parts.logger, {
      failing: 'ocsp could not be asked about client certificates',
      mended: 'ocsp answers again about client certificates',
    });
  }

  get size(): number {
    return this.#verdicts.size;
  }

  /** The verdict that is known and holds. */
  known(question: CertificateInQuestion): CertificateVerdict | undefined {
    return this.#verdicts.get(keyOf(question));
  }

  /** Never throws: what cannot be found out is `unknown`. */
  async of(question: CertificateInQuestion, timeoutMs: number): Promise<CertificateVerdict> {
    const key = keyOf(question);
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const underWay = this.#asked.get(key);
    if (underWay !== undefined) return underWay;
    const asked = this.#ask(question, timeoutMs);
    this.#asked.set(key, asked);
    try {
      const verdict = await asked;
      this.#verdicts.set(key, verdict);
      return verdict;
    } finally {
      this.#asked.delete(key);
    }
  }

  async #ask(
    { gatewayId, scope, chain }: CertificateInQuestion,
    timeoutMs: number,
  ): Promise<CertificateVerdict> {
    if (!chain.isComplete) return unanswered('the certificates above it are not known to this edge yet');
    try {
      const request = { gatewayId, scope, chain: pemChain(chain) };
      const answer = await callService(this.parts.nats, certificateStatus, request, timeoutMs);
      this.#outage.succeeded();
      this.parts.metrics.certificateVerdicts.add(answer.status);
      return {
        status: answer.status,
        validUntilMs: Math.max(Date.now() + SOONEST_MS, Date.parse(answer.validUntil)),
        detail: detailOf(answer),
        isAnswered: true,
      };
    } catch (error) {
      this.#outage.failed(error, { gatewayId });
      return unanswered('ocsp does not answer');
    }
  }
}

function unanswered(detail: string): CertificateVerdict {
  return { status: 'unknown', validUntilMs: Date.now() + UNANSWERED_MS, detail, isAnswered: false };
}

function detailOf(answer: CertificateStatus): string {
  switch (answer.status) {
    case 'good':
      return `by ${answer.source}`;
    case 'revoked': {
      const reason = answer.reason === undefined ? '' : ` (${answer.reason})`;
      return `certificate ${answer.serialNumber} was revoked at ${answer.revokedAt}${reason}`;
    }
    case 'unknown':
      return answer.reason;
  }
}

/** Neither a gateway's id nor a scope holds a space. */
const keyOf = ({ gatewayId, scope, chain }: CertificateInQuestion): string =>
  `${gatewayId} ${scope} ${chain.fingerprint}`;
