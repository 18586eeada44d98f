/** Devices whose messages break a script within {@link WINDOW_MS} before it is stopped, unless said otherwise. */
const MAX_DEVICES = 3;
const WINDOW_MS = 5_000;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

interface Break {
  readonly at: number;
  /** Breaks that no device answers for count each. */
  readonly deviceName: string | undefined;
}

/**
 * When a script that broke its isolates is left alone: 5 s at first, twice as long each time it has to be
 * stopped again within a minute, at most a minute. What one device does is its own affair (device-budgets.ts):
 * its breaks within a window count once. Times are in milliseconds of one monotonic clock.
 */
export class ScriptPause {
  #breaks: Break[] = [];
  #lengthMs = 0;
  #until = 0;

  constructor(private readonly maxDevices = MAX_DEVICES) {}

  /** How long the script stays stopped; 0 when it may run. */
  leftMs(now: number): number {
    return Math.max(this.#until - now, 0);
  }

  /**
   * One message ran out of time or memory.
   *
   * @returns whether that was once too often: the script is stopped now
   */
  broke(now: number, deviceName?: string): boolean {
    this.#breaks = this.#breaks.filter(
      (one) => now - one.at < WINDOW_MS && (deviceName === undefined || one.deviceName !== deviceName),
    );
    this.#breaks.push({ at: now, deviceName });
    if (this.#breaks.length < this.maxDevices) return false;
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
