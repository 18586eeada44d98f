import pg from 'pg';
import { sql, type QueryExecutorProvider } from 'kysely';

const CHANNEL = 'event_appended';
const POLL_MS = 1_000;
const RECONNECT_MS = 1_000;
const ANNOUNCE_AFTER_MS = 5;

/**
 * Tells listening processes, after a commit, that the log has grown. Many calls within 5 ms are one NOTIFY:
 * NOTIFY inside the writing transactions would make their commits wait for each other. A notice that is lost
 * costs a reader one poll.
 */
export class AppendAnnouncer {
  #isPending = false;

  constructor(private readonly db: QueryExecutorProvider) {}

  announce(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    setTimeout(() => {
      this.#isPending = false;
      sql`select pg_notify(${CHANNEL}, '')`.execute(this.db).catch(() => undefined);
    }, ANNOUNCE_AFTER_MS).unref();
  }
}

/** Wakes readers of the log: by LISTEN, and each second in case that a notice was lost. */
export class EventNotifications implements AsyncDisposable {
  readonly #listeners = new Set<() => void>();
  readonly #poll: NodeJS.Timeout;
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly connectionString: string,
    pollMs = POLL_MS,
  ) {
    this.#poll = setInterval(() => this.#wake(), pollMs);
    void this.#connect();
  }

  /** @returns what ends the subscription */
  onAppended(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the log may have grown, or when `signal` aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.onAppended(done);
      if (signal.aborted) done();
      else signal.addEventListener('abort', done, { once: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    this.#wake();
    await this.#client?.end().catch(() => undefined);
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.connectionString,
      application_name: 'gatehouse-event-notifications',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
    });
    client.on('error', () => undefined);
    client.on('end', () => this.#reconnectLater(client));
    client.on('notification', () => this.#wake());
    this.#client = client;
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#wake();
    } catch {
      await client.end().catch(() => undefined);
      this.#reconnectLater(client);
    }
  }

  #reconnectLater(failed: pg.Client): void {
    if (this.#isClosed || this.#client !== failed) return;
    this.#client = undefined;
    this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS);
  }
}
