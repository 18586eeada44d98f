import { BoundedTable } from './bounded-table.ts';

interface Count {
  /** Of the window that is being counted. */
  startedAt: number;
  current: number;
  previous: number;
}

/**
 * How often something happened to each key within a window that slides: the window before counts for the
 * share of it that is still in view, so that neither a burst is forgotten nor a list of times is kept.
 */
export class RecentCounts {
  readonly #counts: BoundedTable<Count>;
  #now = 0;

  /** @param maxKeys remembered at one time */
  constructor(
    private readonly windowMs: number,
    maxKeys: number,
  ) {
    this.#counts = new BoundedTable(maxKeys, ({ startedAt }) => this.#now - startedAt >= 2 * windowMs);
  }

  get size(): number {
    return this.#counts.size;
  }

  /** @param nowMs grows from call to call @returns the count with this one */
  add(key: string, nowMs: number): number {
    const count = this.#at(key, nowMs) ?? { startedAt: nowMs, current: 0, previous: 0 };
    count.current += 1;
    this.#counts.set(key, count);
    return this.#estimate(count, nowMs);
  }

  of(key: string, nowMs: number): number {
    const count = this.#at(key, nowMs);
    return count === undefined ? 0 : this.#estimate(count, nowMs);
  }

  clear(key: string): void {
    this.#counts.delete(key);
  }

  clearWithPrefix(prefix: string): void {
    this.#counts.deleteWithPrefix(prefix);
  }

  #at(key: string, nowMs: number): Count | undefined {
    this.#now = nowMs;
    const count = this.#counts.get(key);
    if (count !== undefined && nowMs - count.startedAt >= this.windowMs) {
      count.startedAt += this.windowMs;
      count.previous = count.current;
      count.current = 0;
    }
    return count;
  }

  #estimate({ startedAt, current, previous }: Count, nowMs: number): number {
    return current + previous * (1 - (nowMs - startedAt) / this.windowMs);
  }
}
