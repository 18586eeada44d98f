/**
 * Things that are due at some moment, found without a timer for each: slots of equal length, of which those
 * that have passed are taken out together.
 */
export class DueWheel<T> {
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();
  /** All slots before it are empty. */
  #next = Number.POSITIVE_INFINITY;

  constructor(private readonly slotMs: number) {}

  get size(): number {
    return this.#slotOf.size;
  }

  /** In place of an earlier moment, if there is one. */
  set(item: T, dueAtMs: number): void {
    this.delete(item);
    const slot = Math.ceil(dueAtMs / this.slotMs);
    const items = this.#slots.get(slot) ?? new Set<T>();
    this.#slots.set(slot, items.add(item));
    this.#slotOf.set(item, slot);
    this.#next = Math.min(this.#next, slot);
  }

  delete(item: T): void {
    const slot = this.#slotOf.get(item);
    if (slot === undefined) return;
    this.#slotOf.delete(item);
    const items = this.#slots.get(slot);
    items?.delete(item);
    if (items?.size === 0) this.#slots.delete(slot);
  }

  /** Takes out what is due, what was due first coming first. */
  take(nowMs: number): T[] {
    const last = Math.floor(nowMs / this.slotMs);
    const due: T[] = [];
    if (this.#next > last) return due;
    for (const slot of [...this.#slots.keys()].toSorted((a, b) => a - b)) {
      if (slot > last) break;
      for (const item of this.#slots.get(slot) ?? []) {
        this.#slotOf.delete(item);
        due.push(item);
      }
      this.#slots.delete(slot);
    }
    this.#next = Math.min(Number.POSITIVE_INFINITY, ...this.#slots.keys());
    return due;
  }
}
