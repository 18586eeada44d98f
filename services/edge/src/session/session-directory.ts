import { setTimeout as delay } from 'node:timers/promises';
import { sessionEntry, sessionKey, type SessionEntry } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { KV } from '@nats-io/kv';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { SessionDirectoryUnavailable } from './session.failures.ts';

export interface Device {
  readonly productKey: string;
  readonly deviceName: string;
}

/** A device's place in the directory: its session number, and who had it before. */
export interface Claim {
  readonly number: number;
  readonly former: { readonly edgeId: string; readonly number: number } | undefined;
}

const CLAIM_TIMEOUT_MS = 8_000;
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;
const RELEASES_AT_ONCE = 32;
const MAX_WAITING_RELEASES = 100_000;
const RELEASE_ATTEMPTS = 20;

/**
 * Which edge holds which device, for all edges: the bucket `sessions`. Every claim is a compare-and-set, so
 * the revisions of a device's entry grow in the order of its takeovers; a revision is the session number.
 */
export class SessionDirectory {
  readonly #releases: { readonly device: Device; readonly number: number }[] = [];
  #releasing = 0;

  constructor(
    private readonly bucket: KV,
    private readonly edgeId: string,
    private readonly logger: Logger,
    private readonly metrics: EdgeMetrics,
  ) {}

  /** @throws {SessionDirectoryUnavailable} when the bucket does not answer */
  async claim(device: Device, gatewayId: string, connectedAt: Date): Promise<Claim> {
    const key = sessionKey(device.productKey, device.deviceName);
    const mine: SessionEntry = { edgeId: this.edgeId, gatewayId, connectedAt: connectedAt.toISOString() };
    const value = JSON.stringify(mine);
    const deadline = performance.now() + CLAIM_TIMEOUT_MS;
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        const current = await this.bucket.get(key);
        const revision = current?.revision ?? 0;
        const number = await this.bucket.put(key, value, { previousSeq: revision });
        const entry = current?.operation === 'PUT' ? entryOf(current.string()) : undefined;
        return {
          number,
          former: entry === undefined ? undefined : { edgeId: entry.edgeId, number: revision },
        };
      } catch (error) {
        // Another edge was faster, or JetStream does not answer: both are mended by asking again.
        if (performance.now() + wait > deadline) throw new SessionDirectoryUnavailable(error);
      }
      await delay(wait);
      wait = Math.min(LAST_RETRY_MS, wait * 2);
    }
  }

  /** Takes the device out of the directory, unless somebody else has claimed it since. */
  release(device: Device, number: number): void {
    if (this.#releases.length >= MAX_WAITING_RELEASES) {
      this.metrics.drops.add('session-release-failed');
      return;
    }
    this.#releases.push({ device, number });
    if (this.#releasing < RELEASES_AT_ONCE) void this.#releaseWaiting();
  }

  /** Resolves when nothing waits to be released. */
  async settled(deadline: AbortSignal): Promise<void> {
    while (!deadline.aborted && (this.#releasing > 0 || this.#releases.length > 0)) await delay(10);
  }

  async #releaseWaiting(): Promise<void> {
    this.#releasing += 1;
    for (let next = this.#releases.shift(); next !== undefined; next = this.#releases.shift()) {
      await this.#release(next.device, next.number);
    }
    this.#releasing -= 1;
  }

  async #release(device: Device, number: number): Promise<void> {
    const key = sessionKey(device.productKey, device.deviceName);
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt += 1) {
      try {
        await this.bucket.delete(key, { previousSeq: number });
        return;
      } catch (error) {
        if (isWrongRevision(error)) return;
        await delay(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt));
      }
    }
    // The entry stays until the device connects again; whoever reads it finds that this edge has no session.
    this.metrics.drops.add('session-release-failed');
    this.logger.warn({ ...device, session: number }, 'a session could not be taken out of the directory');
  }
}

function entryOf(json: string): SessionEntry | undefined {
  try {
    return sessionEntry.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

const WRONG_LAST_SEQUENCE = 10_071;

function isWrongRevision(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === WRONG_LAST_SEQUENCE;
}
