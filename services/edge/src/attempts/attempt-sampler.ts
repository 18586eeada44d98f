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
   * @returns how many of the kind were not taken since the last one that was; undefined: nor is this one
   */
  take(kind: string, perMinute: number, nowMs: number): number | undefined {
    let window = this.#windows.get(kind);
    if (window === undefined) {
      window = { startedAt: nowMs, taken: 0, skipped: 0 };
      this.#windows.set(kind, window);
    } else if (nowMs - window.startedAt >= MINUTE_MS) {
      window.startedAt = nowMs;
      window.taken = 0;
    }
    if (window.taken >= perMinute) {
      window.skipped += 1;
      return undefined;
    }
    window.taken += 1;
    const { skipped } = window;
    window.skipped = 0;
    return skipped;
  }

  /** Counts `attempts` more of a kind that were not taken; the next one that is tells of them. */
  skip(kind: string, attempts: number): void {
    const window = this.#windows.get(kind);
    if (window !== undefined) window.skipped += attempts;
  }
}
