const MAX_ADDRESSES = 1_000;

/**
 * Says whether something about an address is worth a line in the log: once in an interval, so that one
 * misconfigured device cannot fill a disk. Remembers the last thousand addresses.
 */
export class AddressLog {
  readonly #loggedAt = new Map<string, number>();

  constructor(private readonly intervalMs: number) {}

  isNews(address: string, nowMs: number): boolean {
    const last = this.#loggedAt.get(address);
    if (last !== undefined && nowMs - last < this.intervalMs) return false;
    this.#loggedAt.delete(address);
    if (this.#loggedAt.size >= MAX_ADDRESSES) {
      const [oldest] = this.#loggedAt.keys();
      if (oldest !== undefined) this.#loggedAt.delete(oldest);
    }
    this.#loggedAt.set(address, nowMs);
    return true;
  }
}
