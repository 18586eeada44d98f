/** Of what an edge waits, for the way there and back and for an event loop that is late. */
const MARGIN_MS = 250;
/** The same of one that waits for less than ten times as long. */
const MARGIN_SHARE = 0.1;

/** Until when a question must be answered: who asked asks somebody else then. */
export class AnswerDeadline {
  static readonly NONE = new AnswerDeadline(undefined);
  /** On the clock of `performance`. */
  readonly endsAt: number;

  /** @param waitMs how long the edge waits from now on; undefined: an edge that does not say so */
  constructor(waitMs: number | undefined) {
    this.endsAt =
      waitMs === undefined
        ? Number.POSITIVE_INFINITY
        : performance.now() + waitMs - Math.min(MARGIN_MS, waitMs * MARGIN_SHARE);
  }

  leftMs(): number {
    return Math.max(0, Math.floor(this.endsAt - performance.now()));
  }

  /** Undefined when the time is over first; the work goes on for others who wait for it. */
  async within<Result>(work: Promise<Result>): Promise<Result | undefined> {
    if (this.endsAt === Number.POSITIVE_INFINITY) return work;
    const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, this.leftMs(), undefined);
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
