/**
 * How many messages a second are traced. A gateway carries more messages than any trace store wants, but a
 * single message must always be found: so the first ones of each second are traced and the rest are not.
 */
export class TraceRate {
  #second = 0;
  #taken = 0;

  /** @param perSecond messages traced in one second; 0 traces none */
  constructor(readonly perSecond: number) {}

  /** @param nowMs milliseconds since 1970 */
  take(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken >= this.perSecond) return false;
    this.#taken += 1;
    return true;
  }
}
