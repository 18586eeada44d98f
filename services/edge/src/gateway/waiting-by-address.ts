import type { Socket } from 'node:net';

export interface WaitingConnection {
  readonly socket: Socket;
  /** That it comes from; of IPv6 the /64. */
  readonly address: string;
  /** As performance.now() */
  readonly since: number;
}

/**
 * Connections that wait for something: the addresses take turns, and those of one address come in the order of
 * their arrival. So whoever floods the line stands in their own way, and not in that of others.
 */
export class WaitingByAddress {
  readonly #byAddress = new Map<string, WaitingConnection[]>();
  /** What the addresses have, in the order of their turns. */
  readonly #turns: WaitingConnection[][] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Whose turn it is. */
  get first(): WaitingConnection | undefined {
    return this.#turns[0]?.[0];
  }

  add(waiting: WaitingConnection): void {
    this.#length += 1;
    const others = this.#byAddress.get(waiting.address);
    if (others !== undefined) {
      others.push(waiting);
      return;
    }
    const only = [waiting];
    this.#byAddress.set(waiting.address, only);
    this.#turns.push(only);
  }

  /** Its address goes behind all others. */
  takeFirst(): WaitingConnection | undefined {
    const same = this.#turns.shift();
    const first = same?.shift();
    if (same === undefined || first === undefined) return undefined;
    this.#length -= 1;
    if (same.length > 0) this.#turns.push(same);
    else this.#byAddress.delete(first.address);
    return first;
  }

  /** Whether `address` has less than its share, with one more, of a line that cannot grow. */
  isOwedPlace(address: string): boolean {
    const own = this.#byAddress.get(address)?.length ?? 0;
    return own + 1 < this.#length / this.#turns.length;
  }

  /** Of the address that has most: it gives way to others first. Looks at every address: for when the line is full. */
  takeNewestOfMost(): WaitingConnection | undefined {
    let most = this.#turns[0];
    for (const same of this.#turns) if (same.length > (most?.length ?? 0)) most = same;
    const newest = most?.pop();
    if (most === undefined || newest === undefined) return undefined;
    this.#length -= 1;
    if (most.length === 0) {
      this.#turns.splice(this.#turns.indexOf(most), 1);
      this.#byAddress.delete(newest.address);
    }
    return newest;
  }

  *[Symbol.iterator](): IterableIterator<WaitingConnection> {
    for (const same of this.#turns) yield* same;
  }
}
