import { EDGES_BUCKET, edgeEntry, type EdgeEntry } from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BackgroundWork } from '../background/background-work.ts';

interface Seen {
  readonly entry: EdgeEntry;
  /** Of `performance.now()`. */
  readonly at: number;
}

const ALIVE_MS = EDGES_BUCKET.ttlSeconds * 1_000;
const FORGET_AFTER_MS = 10 * 60 * 1_000;

/**
 * The edges that are alive, by their entries in the bucket `edges`. An entry that expires is announced by
 * nobody, so an edge counts as alive as long as it has written within the bucket's time to live.
 */
export class LiveEdges implements BackgroundWork {
  readonly name = 'live-edges';
  readonly #seen = new Map<string, Seen>();

  constructor(private readonly nats: NatsConnection) {}

  alive(): ReadonlyMap<string, EdgeEntry> {
    const since = performance.now() - ALIVE_MS;
    return new Map(
      [...this.#seen].filter(([, { at }]) => at >= since).map(([edgeId, { entry }]) => [edgeId, entry]),
    );
  }

  /** Edges that were alive in the last ten minutes and are silent now. */
  silent(): string[] {
    const now = performance.now();
    for (const [edgeId, { at }] of this.#seen) {
      if (now - at > FORGET_AFTER_MS) this.#seen.delete(edgeId);
    }
    return [...this.#seen].filter(([, { at }]) => now - at > ALIVE_MS).map(([edgeId]) => edgeId);
  }

  /** An edge whose end has been dealt with. */
  forget(edgeId: string): void {
    this.#seen.delete(edgeId);
  }

  async run(signal: AbortSignal): Promise<void> {
    const bucket = await openBucket(this.nats, EDGES_BUCKET);
    const watch = await bucket.watch();
    const stop = (): void => watch.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const update of watch) {
        if (update.operation !== 'PUT') {
          this.#seen.delete(update.key);
          continue;
        }
        const entry = edgeEntry.safeParse(jsonOf(update.string()));
        if (entry.success) this.#seen.set(update.key, { entry: entry.data, at: performance.now() });
      }
    } finally {
      signal.removeEventListener('abort', stop);
      watch.stop();
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
