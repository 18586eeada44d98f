/** One costs some 0.1 ms: a TLS close, a report of presence, a record, an entry of the directory. */
const PER_TURN = 16;

/**
 * Connections that end, a few in each turn of the event loop: thousands that end in one moment, because their
 * network has failed or their gateway is deleted, must not hold up everybody else until all are gone.
 */
export class Departures {
  readonly #waiting: (() => void)[] = [];
  #takenInTurn = 0;
  #isScheduled = false;

  get length(): number {
    return this.#waiting.length;
  }

  /** @param leave called at once, or in a later turn when many leave in this one */
  add(leave: () => void): void {
    this.#schedule();
    if (this.#takenInTurn === PER_TURN || this.#waiting.length > 0) {
      this.#waiting.push(leave);
      return;
    }
    this.#takenInTurn += 1;
    leave();
  }

  readonly #takeTurn = (): void => {
    this.#isScheduled = false;
    this.#takenInTurn = 0;
    if (this.#waiting.length === 0) return;
    this.#schedule();
    while (this.#takenInTurn < PER_TURN) {
      const leave = this.#waiting.shift();
      if (leave === undefined) return;
      this.#takenInTurn += 1;
      leave();
    }
  };

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#takeTurn);
  }
}
