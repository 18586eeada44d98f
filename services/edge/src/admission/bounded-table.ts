/**
 * What is remembered about many clients, by key: of those that were set last at least half as many as the
 * limit, and never more than that. It keeps two generations and forgets the older one when the younger has
 * grown up, since taking single keys out of the front of a large Map costs more than all else here.
 */
export class BoundedTable<V> {
  #younger = new Map<string, V>();
  #older = new Map<string, V>();

  /**
   * @param limit at least 2
   * @param isOver whether an entry says nothing any more
   */
  constructor(
    readonly limit: number,
    private readonly isOver: (value: V) => boolean,
  ) {}

  get size(): number {
    return this.#younger.size + this.#older.size;
  }

  get(key: string): V | undefined {
    const value = this.#younger.get(key) ?? this.#older.get(key);
    return value === undefined || this.isOver(value) ? undefined : value;
  }

  set(key: string, value: V): void {
    this.#older.delete(key);
    if (!this.#younger.has(key) && this.#younger.size >= Math.floor(this.limit / 2)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }

  delete(key: string): void {
    this.#younger.delete(key);
    this.#older.delete(key);
  }

  /** Looks at every entry: for rare occasions. */
  deleteWithPrefix(prefix: string): void {
    for (const entries of [this.#younger, this.#older]) {
      for (const key of entries.keys()) if (key.startsWith(prefix)) entries.delete(key);
    }
  }
}
