import { extname } from 'node:path';
import { ThreadPool } from '@gatehouse/threads';
import type { AnswerTimes } from '../lifetime/answer-lifetime.ts';
import type { OcspMetrics } from '../observability/ocsp-metrics.ts';

export interface AnswerOrder {
  /** DER of the OCSPResponse as it came. */
  readonly response: Uint8Array;
  /** DER, as is the issuer. */
  readonly certificate: Uint8Array;
  readonly issuer: Uint8Array;
  /** What was sent. */
  readonly nonce: Uint8Array | undefined;
  readonly isNonceRequired: boolean;
  readonly clockSkewMs: number;
  readonly maxAgeMs: number;
}

/** What an answer that holds says. */
export interface VerifiedAnswer extends AnswerTimes {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly producedAt: Date;
  readonly revokedAt: Date | null;
  readonly reason: string | undefined;
}

export type AnswerVerdict =
  | { readonly outcome: 'trusted'; readonly answer: VerifiedAnswer }
  | { readonly outcome: 'unusable'; readonly reason: string }
  /** The responder says of itself that it cannot answer. */
  | { readonly outcome: 'in-trouble'; readonly status: 'tryLater' | 'internalError' };

const NO_BYTES = new Uint8Array(0);
const NO_ANSWER: AnswerOrder = {
  response: NO_BYTES,
  certificate: NO_BYTES,
  issuer: NO_BYTES,
  nonce: undefined,
  isNonceRequired: false,
  clockSkewMs: 0,
  maxAgeMs: 0,
};

const LIMITS = {
  maxWaiting: 1_000,
  /** A hostile answer takes a hundredth of it; the first one of a thread waits until that has started. */
  timeoutMs: 10_000,
  maxHeapMib: 128,
};

/** Reads and verifies OCSP responses on threads: one of 16 kB that is made to be slow takes tens of milliseconds. */
export class AnswerVerifier {
  readonly #pool: ThreadPool<AnswerOrder, AnswerVerdict>;

  constructor(
    private readonly threads: number,
    private readonly metrics: OcspMetrics,
  ) {
    const file = new URL(`./answer-worker${extname(import.meta.url)}`, import.meta.url);
    this.#pool = new ThreadPool(file, { ...LIMITS, threads });
    this.#pool.start();
    metrics.observeVerificationsWaiting(() => this.#pool.waiting);
  }

  /**
   * Called by Nest when the service starts: it is ready when its threads are, which takes a busy machine as long as
   * a question may take.
   */
  async onModuleInit(): Promise<void> {
    await Promise.all(Array.from({ length: this.threads }, () => this.#pool.run(NO_ANSWER)));
  }

  onModuleDestroy(): Promise<void> {
    return this.#pool.close();
  }

  /** Never rejects. */
  async verify(order: AnswerOrder): Promise<AnswerVerdict> {
    const verdict = await this.#pool.run(order);
    this.metrics.verifications.add(verdict.outcome);
    switch (verdict.outcome) {
      case 'done':
        return verdict.result;
      case 'busy':
        return { outcome: 'unusable', reason: 'too many answers wait to be verified' };
      case 'failed':
        return { outcome: 'unusable', reason: `it could not be read: ${verdict.reason}` };
    }
  }
}
