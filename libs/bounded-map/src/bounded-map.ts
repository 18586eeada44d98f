/** A map of limited size, in the order in which its entries were set last: the oldest makes room for a new one. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();

  /**
   * @param maxEntries at least 1
   * @param onMadeRoom told of each entry that went so that another one could come
   */
  constructor(
    readonly maxEntries: number,
    private readonly onMadeRoom: (key: Key, value: Value) => void = () => undefined,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.maxEntries) return;
    const [oldest] = this.#entries;
    if (oldest === undefined) return;
    this.#entries.delete(oldest[0]);
    this.onMadeRoom(...oldest);
  }

  /** @returns whether it was there */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  deleteWhere(isMeant: (key: Key) => boolean): void {
    for (const key of this.#entries.keys()) if (isMeant(key)) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The oldest first; entries may be deleted meanwhile. */
  entries(): MapIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  /** The oldest first. */
  values(): MapIterator<Value> {
    return this.#entries.values();
  }
}

/** The same, in the order in which its entries were read or set last: what was not used for longest makes room. */
export class LeastRecentlyUsedMap<Key, Value> extends BoundedMap<Key, Value> {
  override get(key: Key): Value | undefined {
    const value = super.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }
}
