import { BoundedMap } from '@gatehouse/bounded-map';

const MAX_ADDRESSES = 1_000;

/**
 * Says whether something about an address is worth a line in the log: once in an interval, so that one
 * misconfigured device cannot fill a disk. Remembers the last thousand addresses.
 */
export class AddressLog {
  readonly #loggedAt = new BoundedMap<string, number>(MAX_ADDRESSES);

  constructor(private readonly intervalMs: number) {}

  isNews(address: string, nowMs: number): boolean {
    const last = this.#loggedAt.get(address);
    if (last !== undefined && nowMs - last < this.intervalMs) return false;
    this.#loggedAt.set(address, nowMs);
    return true;
  }
}
