const SHORTEST_MS = 250;
const LONGEST_MS = 10_000;
const HEALTHY_AFTER_MS = 30_000;

/** How long to wait before a process that died is started again. */
export class RestartBackoff {
  #nextMs = SHORTEST_MS;

  /**
   * Doubles from 250 ms to 10 s; starts over after a process that ran for 30 s.
   *
   * @param uptimeMs how long the process ran
   * @returns milliseconds
   */
  next(uptimeMs: number): number {
    if (uptimeMs >= HEALTHY_AFTER_MS) this.#nextMs = SHORTEST_MS;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, LONGEST_MS);
    return waitMs;
  }
}
