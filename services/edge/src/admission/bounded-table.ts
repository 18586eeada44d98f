/** Looked at on each change, so that what is over leaves by itself and setting stays cheap. */
const OVER_AT_ONCE = 2;

/**
 * What is remembered about many clients, by key. When it is full it forgets what was not used for longest;
 * and what is over anyway leaves as others come.
 */
export class BoundedTable<V> {
  /** In the order of their last use. */
  readonly #entries = new Map<string, V>();
  #forgotten = 0;

  /** @param isOver whether an entry says nothing any more */
  constructor(
    readonly limit: number,
    private readonly isOver: (value: V) => boolean,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Entries that were forgotten although they were not over. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    return value === undefined || this.isOver(value) ? undefined : value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#dropOldest();
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Looks at every entry: for rare occasions. */
  deleteWithPrefix(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #dropOldest(): void {
    let looked = 0;
    for (const [key, value] of this.#entries) {
      const isOver = this.isOver(value);
      if (!isOver && this.#entries.size < this.limit) return;
      if (!isOver) this.#forgotten += 1;
      this.#entries.delete(key);
      looked += 1;
      if (looked >= OVER_AT_ONCE && this.#entries.size < this.limit) return;
    }
  }
}
