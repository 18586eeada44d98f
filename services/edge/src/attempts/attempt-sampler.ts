import { BoundedMap } from '@gatehouse/bounded-map';

const MINUTE_MS = 60_000;
const DEFAULT_MAX_KINDS = 10_000;

interface Window {
  startedAt: number;
  taken: number;
  skipped: number;
}

/**
 * Takes so many attempts of a kind (gateway, address, outcome) a minute and counts the others, so that a
 * flood from one address fills no stream. Remembers a bounded number of kinds, those that were new last.
 */
export class AttemptSampler {
  readonly #windows: BoundedMap<string, Window>;

  constructor(maxKinds = DEFAULT_MAX_KINDS) {
    this.#windows = new BoundedMap(maxKinds);
  }

  get size(): number {
    return this.#windows.size;
  }

  /**
   * @param perMinute how many of the kind are taken in a minute
   * @param nowMs as performance.now()
   * @param untold how many were not taken elsewhere, which this one was to tell of
   * @returns how many were not taken that this one tells of; undefined: nor is this one, and the next tells of all
   */
  take(kind: string, perMinute: number, nowMs: number, untold = 0): number | undefined {
    let window = this.#windows.get(kind);
    if (window === undefined) {
      window = { startedAt: nowMs, taken: 0, skipped: 0 };
      this.#windows.set(kind, window);
    } else if (nowMs - window.startedAt >= MINUTE_MS) {
      window.startedAt = nowMs;
      window.taken = 0;
    }
    if (window.taken >= perMinute) {
      window.skipped += untold + 1;
      return undefined;
    }
    window.taken += 1;
    const { skipped } = window;
    window.skipped = 0;
    return skipped + untold;
  }
}
