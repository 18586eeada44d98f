/** Breaks of a script within {@link WINDOW_MS} after which it is stopped: each holds up all other products. */
const MAX_BREAKS = 3;
const WINDOW_MS = 5_000;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/**
 * When a script that broke its isolates is left alone: 5 s at first, twice as long each time it has to be
 * stopped again within a minute, at most a minute. Times are in milliseconds of one monotonic clock.
 */
export class ScriptPause {
  #breaks: number[] = [];
  #lengthMs = 0;
  #until = 0;

  /** How long the script stays stopped; 0 when it may run. */
  leftMs(now: number): number {
    return Math.max(this.#until - now, 0);
  }

  /**
   * One message ran out of time or memory.
   *
   * @returns whether that was once too often: the script is stopped now
   */
  broke(now: number): boolean {
    this.#breaks = this.#breaks.filter((at) => now - at < WINDOW_MS);
    this.#breaks.push(now);
    if (this.#breaks.length < MAX_BREAKS) return false;
    this.stop(now);
    return true;
  }

  stop(now: number): void {
    const isRelapse = this.#lengthMs > 0 && now - this.#until < LONGEST_MS;
    this.#lengthMs = isRelapse ? Math.min(this.#lengthMs * 2, LONGEST_MS) : FIRST_MS;
    this.#until = now + this.#lengthMs;
    this.#breaks = [];
  }
}
