import { bulkhead, isBulkheadRejectedError, type BulkheadPolicy } from 'cockatiel';

/** The result of a call, or why none was made. */
export type Turn<Result> =
  | { readonly result: Result }
  | { readonly missed: 'queue-full' | 'waited-too-long' };

/** A limit on calls at once, and a bounded line of those that wait for a place. */
export class CallLine {
  readonly #bulkhead: BulkheadPolicy;

  constructor(
    private readonly maxCallsAtOnce: number,
    private readonly maxWaiting: number,
  ) {
    this.#bulkhead = bulkhead(maxCallsAtOnce, maxWaiting);
  }

  get callsUnderWay(): number {
    return this.maxCallsAtOnce - this.#bulkhead.executionSlots;
  }

  get callsWaiting(): number {
    return this.maxWaiting - this.#bulkhead.queueSlots;
  }

  /**
   * cockatiel rejects who is aborted only when the turn comes; this gives up on time.
   *
   * @param giveUpAfterMs how long a free place is waited for
   */
  async inTurn<Result>(call: () => Promise<Result>, giveUpAfterMs: number): Promise<Turn<Result>> {
    if (this.#bulkhead.executionSlots > 0) return { result: await this.#bulkhead.execute(call) };
    const { promise: tooLong, resolve } = Promise.withResolvers<Turn<Result>>();
    const giveUp = new AbortController();
    const timer = setTimeout(() => {
      giveUp.abort();
      resolve({ missed: 'waited-too-long' });
    }, giveUpAfterMs);
    const turn = this.#bulkhead.execute(async () => {
      clearTimeout(timer);
      return { result: await call() };
    }, giveUp.signal);
    try {
      return await Promise.race([turn, tooLong]);
    } catch (error) {
      if (isBulkheadRejectedError(error)) return { missed: 'queue-full' };
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
