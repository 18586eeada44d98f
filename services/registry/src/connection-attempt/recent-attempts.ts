import type { ConnectionAttempt, Page } from '@gatehouse/contracts';
import { RequestInvalid } from '@gatehouse/nest';
import { AttemptRing, type AttemptFilter, type PlacedAttempt } from './attempt-ring.ts';

export interface AttemptRequest extends AttemptFilter {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
}

/** Of the room for all attempts, those have this part that no CONNECT was judged of. */
const UNIDENTIFIED_PART = 5;

/**
 * The newest attempts to connect, in memory. What was never judged by a CONNECT has room of its own, so however much
 * of it there is, the others stay.
 */
export class RecentAttempts {
  readonly #judged: AttemptRing;
  readonly #unidentified: AttemptRing;
  #isFilling = true;

  /** @param capacity of both together */
  constructor(capacity: number) {
    const unidentified = Math.ceil(capacity / UNIDENTIFIED_PART);
    this.#unidentified = new AttemptRing(unidentified);
    this.#judged = new AttemptRing(capacity - unidentified);
  }

  get size(): number {
    return this.#judged.size + this.#unidentified.size;
  }

  /** Until what was in the stream at the start has been read. */
  get isFilling(): boolean {
    return this.#isFilling;
  }

  put(placed: PlacedAttempt, isJudged: boolean): void {
    (isJudged ? this.#judged : this.#unidentified).put(placed);
  }

  filled(): void {
    this.#isFilling = false;
  }

  /** To be filled again, from another stream. */
  clear(): void {
    this.#judged.clear();
    this.#unidentified.clear();
    this.#isFilling = true;
  }

  /** Newest first. @throws {RequestInvalid} when `after` is no cursor */
  list({ limit, after, ...filter }: AttemptRequest): Page<ConnectionAttempt> {
    const before = after === undefined ? Number.POSITIVE_INFINITY : placeOf(after);
    const found = [this.#judged, this.#unidentified]
      .flatMap((ring) => ring.newest(filter, before, limit + 1))
      .toSorted((one, other) => other.place - one.place);
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.map(({ attempt }) => attempt),
      next: last === undefined ? null : String(last.place),
    };
  }
}

function placeOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new RequestInvalid([{ path: 'after', message: 'must be the next of the page before' }]);
}
