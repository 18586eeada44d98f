import { EDGES_BUCKET } from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BackgroundWork } from '../background/background-work.ts';
import { pauseUnlessAborted } from '../background/back-off.ts';
import type { EdgeSessionCloser } from './edge-session-closer.ts';
import type { LiveEdges } from './live-edges.ts';

export interface EdgeLossTiming {
  readonly checkEveryMs: number;
  /**
   * How long an edge's entry must be missing, beside its time to live. Edges that lost NATS together with
   * everybody write their entries again within this time, and lose no session.
   */
  readonly graceMs: number;
}

export const EDGE_LOSS_TIMING: EdgeLossTiming = { checkEveryMs: 1_000, graceMs: 3_000 };

/** Notices edges that died with their sessions open. Only one instance of the registry does it. */
export class EdgeLoss implements BackgroundWork {
  readonly name = 'edge-loss';
  /** Since when an edge has been missing, of `performance.now()`. */
  readonly #missingSince = new Map<string, number>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly liveEdges: LiveEdges,
    private readonly closer: EdgeSessionCloser,
    private readonly timing: EdgeLossTiming = EDGE_LOSS_TIMING,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const bucket = await openBucket(this.nats, EDGES_BUCKET);
    this.#missingSince.clear();
    while (!signal.aborted) {
      for (const edgeId of await this.#lostEdges(bucket)) {
        const upToSession = await this.closer.newestSession();
        // An edge writes its entry before it claims sessions again: without one, all its sessions are old.
        this.#missingSince.delete(edgeId);
        if (await isAlive(bucket, edgeId)) continue;
        await this.closer.close(edgeId, upToSession, signal);
        this.liveEdges.forget(edgeId);
      }
      await pauseUnlessAborted(this.timing.checkEveryMs, signal);
    }
  }

  async #lostEdges(bucket: KV): Promise<string[]> {
    const suspects = new Set([...(await this.closer.edgesWithOpenSessions()), ...this.liveEdges.silent()]);
    for (const edgeId of this.#missingSince.keys()) {
      if (!suspects.has(edgeId)) this.#missingSince.delete(edgeId);
    }
    const lost: string[] = [];
    for (const edgeId of suspects) {
      // NATS being away makes this throw: the work starts again, and so does every grace.
      if (await isAlive(bucket, edgeId)) {
        this.#missingSince.delete(edgeId);
        continue;
      }
      const now = performance.now();
      const since = this.#missingSince.get(edgeId) ?? now;
      this.#missingSince.set(edgeId, since);
      if (now - since >= this.timing.graceMs) lost.push(edgeId);
    }
    return lost;
  }
}

async function isAlive(bucket: KV, edgeId: string): Promise<boolean> {
  const entry = await bucket.get(edgeId);
  return entry !== null && entry.operation === 'PUT';
}
