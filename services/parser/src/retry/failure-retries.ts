import { retryFailures, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ProductParsings } from '../script/product-parsing.ts';
import { RetryRun, type RetrySteps } from './retry-run.ts';

type Request = RequestOf<typeof retryFailures>;
type Reply = ReplyOf<typeof retryFailures>;

/** Of this instance, each for a product of its own: every one has an isolate and a thread. */
const MAX_AT_ONCE = 4;
/** Of the time that a caller waits: what is tried must be stored, and the answer arrive. */
const STORING_MS = 5_000;
const ANSWERING_MS = 3_000;

/** Answers `parser.v1.retry-failures`. */
export class FailureRetries {
  readonly #products = new Set<string>();
  readonly #steps: RetrySteps;

  constructor(
    steps: Omit<RetrySteps, 'ruleOf'>,
    parsings: ProductParsings,
    private readonly metrics: ParserMetrics,
    private readonly timeoutMs = retryFailures.timeoutMs,
  ) {
    this.#steps = { ...steps, ruleOf: (productKey) => parsings.ruleNow(productKey) };
  }

  /**
   * @throws {RetryWithoutScript} nothing was tried
   * @throws {ParsingUnknown} nobody says how the product is parsed
   */
  async retry(request: Request): Promise<Reply> {
    const { productKey } = request;
    if (this.#products.has(productKey) || this.#products.size >= MAX_AT_ONCE) return { outcome: 'busy' };
    this.#products.add(productKey);
    const storingUntil = performance.now() + this.timeoutMs - ANSWERING_MS;
    using run = new RetryRun(request, this.#steps, { storingUntil, tryingUntil: storingUntil - STORING_MS });
    try {
      await run.run();
      const { parsed, failed, remaining, next } = run;
      return { outcome: 'done', parsed, failed, remaining, ...(next !== undefined && { next }) };
    } finally {
      this.#products.delete(productKey);
      this.metrics.retried.add('parsed', run.parsed);
      this.metrics.retried.add('failed', run.failed);
    }
  }
}
