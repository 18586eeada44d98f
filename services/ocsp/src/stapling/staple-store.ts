import { OutageLog, type Logger } from '@gatehouse/observability';
import type { KV } from '@nats-io/kv';
import { z } from 'zod';
import type { OcspConfig } from '../ocsp.config.ts';
import type { OcspResponders } from '../source/ocsp-responders.ts';
import { stapleOf, type Staple } from './staple.ts';
import type { StapleSubject } from './staple-subject.ts';

/** What stands in the bucket; anything else is passed over. */
const storedStaple = z.object({
  /** DER of the OCSPResponse, base64. */
  response: z.base64(),
  fetchedAt: z.iso.datetime().transform((text) => new Date(text)),
});

const NATS_TIMEOUT_MS = 1_000;

/** Staples in the bucket `ocsp-staples`: kept over restarts, and shared by all instances. */
export class StapleStore {
  readonly #outage: OutageLog;

  constructor(
    private readonly bucket: KV,
    private readonly responders: OcspResponders,
    private readonly config: OcspConfig,
    logger: Logger,
  ) {
    this.#outage = new OutageLog(logger, {
      failing: 'staples can be neither read from nor written to their bucket; they are kept in memory alone',
      mended: 'the bucket of staples answers again',
    });
  }

  /** @returns what is there and can still be used: it is verified as if it had just come */
  async load(subject: StapleSubject): Promise<Staple | undefined> {
    const entry = await this.#attempt(() => this.bucket.get(subject.key));
    if (entry === undefined || entry === null || entry.operation !== 'PUT') return undefined;
    try {
      const { response, fetchedAt } = storedStaple.parse(entry.json());
      const answer = await this.responders.verify(Buffer.from(response, 'base64'), 'bucket', subject);
      const staple = stapleOf(answer, earlier(fetchedAt, new Date()), this.#limits());
      return staple.validUntil.getTime() > Date.now() ? staple : undefined;
    } catch {
      return undefined;
    }
  }

  async save(subject: StapleSubject, { answer, fetchedAt }: Staple): Promise<void> {
    const response = Buffer.from(answer.response).toString('base64');
    const value = JSON.stringify({ response, fetchedAt: fetchedAt.toISOString() });
    await this.#attempt(() => this.bucket.put(subject.key, value));
  }

  async #attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await within(NATS_TIMEOUT_MS, work());
      this.#outage.succeeded();
      return result;
    } catch (error) {
      this.#outage.failed(error);
      return undefined;
    }
  }

  #limits() {
    return {
      minSeconds: this.config.GATEHOUSE_OCSP_MIN_SECONDS,
      maxSeconds: this.config.GATEHOUSE_OCSP_MAX_SECONDS,
    };
  }
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
