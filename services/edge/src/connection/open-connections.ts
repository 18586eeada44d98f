import type { ReasonedFailure } from './close-reason.ts';

/** A connection whose deadlines are looked at from outside. */
interface Watched {
  close(reason: ReasonedFailure): void;
  /** Closes itself when one of its deadlines has passed. @param nowMs as performance.now() */
  checkDeadlines(nowMs: number): void;
}

const CHECK_INTERVAL_MS = 500;

/**
 * All connections of this edge. Their deadlines (CONNECT, keep alive, a client that does not read) are
 * looked at twice a second in one go: a timer for each connection would cost more on every packet.
 */
export class OpenConnections {
  readonly #connections = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  get size(): number {
    return this.#connections.size;
  }

  add(connection: Watched): void {
    this.#connections.add(connection);
    // Behind what has arrived: while this process itself was held up, nobody was read, and nobody was silent.
    this.#timer ??= setInterval(() => setImmediate(() => this.#check()), CHECK_INTERVAL_MS);
  }

  remove(connection: Watched): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onEmpty?.();
  }

  /** Closes every connection; resolves when all sockets are closed, at the latest when `deadline` aborts. */
  async closeAll(reason: ReasonedFailure, deadline: AbortSignal): Promise<void> {
    for (const connection of this.#connections) connection.close(reason);
    await new Promise<void>((resolve) => {
      if (this.#connections.size === 0 || deadline.aborted) {
        resolve();
        return;
      }
      this.#onEmpty = resolve;
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.checkDeadlines(now);
  }
}
