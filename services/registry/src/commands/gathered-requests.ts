/** Too many wait; says so in words of the caller's. */
export type Refusal = () => Error;

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatheredRequestsOptions<Request, Answer> {
  /** Answers a batch, in its order; when it throws, each half of the batch is tried by itself. */
  readonly answer: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  /** Whether an error says nothing of the requests themselves: then there is no sense in trying halves. */
  readonly isHopeless: (error: unknown) => boolean;
  readonly mostInBatch: number;
  readonly mostWaiting: number;
  readonly refusal: Refusal;
}

/**
 * Turns many requests of one moment into few batches: one is under way at a time, and what comes meanwhile is
 * the next. A single request waits for nothing.
 */
export class GatheredRequests<Request, Answer> {
  #waiting: Waiting<Request, Answer>[] = [];
  #isBusy = false;

  constructor(private readonly options: GatheredRequestsOptions<Request, Answer>) {}

  ask(request: Request): Promise<Answer> {
    if (this.#waiting.length >= this.options.mostWaiting) return Promise.reject(this.options.refusal());
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ request, resolve, reject });
    if (!this.#isBusy) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      await this.#settle(this.#waiting.splice(0, this.options.mostInBatch));
    }
    this.#isBusy = false;
  }

  async #settle(batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.answer(batch.map(({ request }) => request));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('a request of a batch was left without an answer'));
        else resolve(answer);
      }
    } catch (error) {
      if (batch.length === 1 || this.options.isHopeless(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.#settle(batch.slice(0, middle));
      await this.#settle(batch.slice(middle));
    }
  }
}
