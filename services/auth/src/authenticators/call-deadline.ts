import { OutboundTimedOut } from '@gatehouse/outbound';

/** One time limit for a call that takes several requests. */
export class CallDeadline {
  readonly #endsAt: number;

  constructor(private readonly timeoutMs: number) {
    this.#endsAt = performance.now() + timeoutMs;
  }

  /**
   * @param origin of the server that is asked next
   * @throws {OutboundTimedOut} when no time is left
   */
  remainingMs(origin: string): number {
    const left = this.#leftMs();
    if (left === 0) throw new OutboundTimedOut(origin, this.timeoutMs, 'an answer');
    return left;
  }

  /**
   * What others wait for too goes on without who waits no longer.
   *
   * @throws {OutboundTimedOut}
   */
  async within<Result>(origin: string, work: Promise<Result>): Promise<Result> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(new OutboundTimedOut(origin, this.timeoutMs, 'an answer'));
    const timer = setTimeout(giveUp, this.#leftMs());
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #leftMs(): number {
    return Math.max(0, Math.ceil(this.#endsAt - performance.now()));
  }
}
