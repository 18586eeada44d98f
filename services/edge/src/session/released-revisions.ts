import { BoundedMap } from '@gatehouse/bounded-map';

const MAX_ENTRIES = 50_000;
/** Below it a guess costs more than it saves: it takes a question and a write to mend a wrong one. */
const LEAST_SHARE = 0.5;
const WEIGHT = 0.02;
/** While guesses are not worth it, one in so many is made to see whether they are again. */
const TRY_EVERY = 50;

/**
 * The revisions that deletes by this edge have left: what a device's entry still has when it comes back to the
 * same edge. Where devices go from edge to edge that is seldom so, and nothing is given out.
 */
export class ReleasedRevisions {
  readonly #byKey = new BoundedMap<string, number>(MAX_ENTRIES);
  #rightShare = 1;
  #withheld = 0;

  add(key: string, revision: number): void {
    this.#byKey.set(key, revision);
  }

  /** Forgets it: whoever takes it writes the entry. */
  take(key: string): number | undefined {
    const revision = this.#byKey.get(key);
    if (revision === undefined) return undefined;
    this.#byKey.delete(key);
    if (this.#rightShare >= LEAST_SHARE) return revision;
    this.#withheld = (this.#withheld + 1) % TRY_EVERY;
    return this.#withheld === 0 ? revision : undefined;
  }

  /** Whether one that was taken was still the entry's. */
  proved(isRight: boolean): void {
    this.#rightShare += ((isRight ? 1 : 0) - this.#rightShare) * WEIGHT;
  }
}
