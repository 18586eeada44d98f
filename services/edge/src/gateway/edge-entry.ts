import { EDGES_BUCKET, type EdgeEntry } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { KV } from '@nats-io/kv';
import type { NatsLink } from '../routing/nats-link.ts';

export interface EdgeEntryParts {
  readonly bucket: KV;
  readonly link: NatsLink;
  readonly logger: Logger;
  readonly read: () => Pick<EdgeEntry, 'connections' | 'listeners'>;
  /** The entry is there again after it may have been missing: others may hold this edge for dead. */
  readonly onLapsed: () => void;
}

const INTERVAL_MS = 1_000;
const TIME_TO_LIVE_MS = EDGES_BUCKET.ttlSeconds * 1_000;

/**
 * This edge's sign of life in the bucket `edges`: written every second, and at once when a listener changes.
 * When it disappears, the registry closes the sessions of this edge.
 */
export class EdgeEntryWriter {
  readonly #startedAt = new Date().toISOString();
  #timer: NodeJS.Timeout | undefined;
  /** When the newest entry that was stored was sent; undefined before the first. */
  #storedAt: number | undefined;

  constructor(
    private readonly edgeId: string,
    private readonly parts: EdgeEntryParts,
  ) {}

  start(): void {
    this.parts.link.onUp(() => this.write());
    this.#timer = setInterval(() => this.write(), INTERVAL_MS);
    this.write();
  }

  /** Does not wait for the last write: one that is late must not hold up the next. */
  write(): void {
    if (this.#timer === undefined || !this.parts.link.isUp) return;
    const entry: EdgeEntry = { startedAt: this.#startedAt, ...this.parts.read() };
    const sentAt = performance.now();
    this.parts.bucket.put(this.edgeId, JSON.stringify(entry)).then(
      () => this.#stored(sentAt),
      (error: unknown) => this.parts.logger.debug({ err: error }, "the edge's entry could not be written"),
    );
  }

  #stored(sentAt: number): void {
    const before = this.#storedAt;
    this.#storedAt = Math.max(sentAt, before ?? sentAt);
    if (before !== undefined && performance.now() - before > TIME_TO_LIVE_MS) this.parts.onLapsed();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.parts.link.isUp) return;
    await this.parts.bucket
      .delete(this.edgeId)
      .catch((error: unknown) =>
        this.parts.logger.debug({ err: error }, "the edge's entry could not be deleted"),
      );
  }
}
