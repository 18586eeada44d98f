import { setTimeout as delay } from 'node:timers/promises';
import { sessionEntry, sessionKey, type SessionEntry } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import { PublishRefused } from '@gatehouse/nats';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { ReleasedRevisions } from './released-revisions.ts';
import type { Claim, ClaimTerms, HeldSession, UnsettledClaim } from './session-claim.ts';
import type { SessionEntries } from './session-entries.ts';
import { SessionDirectoryUnavailable } from './session.failures.ts';
import type { SessionIdentity } from './session.ts';

export interface Device {
  readonly productKey: string;
  readonly deviceName: string;
}

interface Release {
  readonly device: Device;
  readonly claimed: number | UnsettledClaim;
  /** Done before an unsettled claim that was written is taken out. */
  readonly first: (number: number) => Promise<void>;
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
  readonly #releases: Release[] = [];
  #releasing = 0;
  readonly #released = new ReleasedRevisions();

  constructor(
    private readonly entries: SessionEntries,
    private readonly edgeId: string,
    private readonly logger: Logger,
    private readonly metrics: EdgeMetrics,
  ) {}

  /** @throws {SessionDirectoryUnavailable} when the bucket does not answer */
  async claim(device: Device, terms: ClaimTerms): Promise<Claim> {
    const key = sessionKey(device.productKey, device.deviceName);
    const value = this.#valueOf(terms);
    // Of all attempts: one whose answer was lost may have replaced another edge's entry.
    const formers = new Map<string, HeldSession>();
    const deadline = performance.now() + CLAIM_TIMEOUT_MS;
    const number = await this.#claimReleased(key, value);
    if (number !== undefined) return { number, formers: [] };
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        const current = await this.entries.find(key);
        const revision = current?.revision ?? 0;
        const entry = current?.value === undefined ? undefined : entryOf(current.value);
        if (entry !== undefined && entry.edgeId !== this.edgeId) {
          formers.set(entry.edgeId, { edgeId: entry.edgeId, number: revision });
        }
        return { number: await this.entries.put(key, value, revision), formers: [...formers.values()] };
      } catch (error) {
        // Another edge was faster, or JetStream does not answer: both are mended by asking again.
        if (performance.now() + wait > deadline) {
          throw new SessionDirectoryUnavailable(error, { value, formers: [...formers.values()] });
        }
      }
      await delay(wait);
      wait = Math.min(LAST_RETRY_MS, wait * 2);
    }
  }

  /**
   * Claims the device once more for a session that has lived on here while NATS was away.
   *
   * @returns the new session number; undefined when somebody else has the device now
   * @throws when the bucket does not answer
   */
  async reclaim(identity: SessionIdentity): Promise<number | undefined> {
    const key = sessionKey(identity.productKey, identity.deviceName);
    const value = this.#valueOf(identity);
    const current = await this.entries.find(key);
    if (current?.value !== undefined && current.value !== value) return undefined;
    return this.entries.put(key, value, current?.revision ?? 0);
  }

  /** Takes the device out of the directory, unless somebody else has claimed it since. */
  release(device: Device, number: number): void {
    this.#enqueue({ device, claimed: number, first: () => Promise.resolve() });
  }

  /**
   * Takes the device out of the directory if the claim was written, after `first` was done with its number.
   * NATS may have to come back before that is known.
   */
  retract(device: Device, claim: UnsettledClaim, first: (number: number) => Promise<void>): void {
    this.#enqueue({ device, claimed: claim, first });
  }

  /** Resolves when nothing waits to be released. */
  async settled(deadline: AbortSignal): Promise<void> {
    while (!deadline.aborted && (this.#releasing > 0 || this.#releases.length > 0)) await delay(10);
  }

  /** Without asking who has the device, when nobody had it since it was last released here. */
  async #claimReleased(key: string, value: string): Promise<number | undefined> {
    const revision = this.#released.take(key);
    if (revision === undefined) return undefined;
    try {
      const number = await this.entries.put(key, value, revision);
      this.#released.proved(true);
      return number;
    } catch {
      // It was elsewhere meanwhile; or the answer was lost, and then the entry tells.
      this.#released.proved(false);
      return undefined;
    }
  }

  #enqueue(release: Release): void {
    if (this.#releases.length >= MAX_WAITING_RELEASES) {
      this.metrics.drops.add('session-release-failed');
      return;
    }
    this.#releases.push(release);
    if (this.#releasing < RELEASES_AT_ONCE) void this.#releaseWaiting();
  }

  async #releaseWaiting(): Promise<void> {
    this.#releasing += 1;
    for (let next = this.#releases.shift(); next !== undefined; next = this.#releases.shift()) {
      await this.#release(next);
    }
    this.#releasing -= 1;
  }

  async #release(release: Release): Promise<void> {
    const { device, claimed, first } = release;
    const key = sessionKey(device.productKey, device.deviceName);
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt += 1) {
      try {
        const number = typeof claimed === 'number' ? claimed : await this.#revisionOf(key, claimed.value);
        if (number === undefined) return;
        await first(number);
        this.#released.add(key, await this.entries.delete(key, number));
        return;
      } catch (error) {
        if (error instanceof PublishRefused && error.isWrongRevision) return;
        await delay(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt));
      }
    }
    // The entry stays until the device connects again; whoever reads it finds that this edge has no session.
    this.metrics.drops.add('session-release-failed');
    this.logger.warn(device, 'a session could not be taken out of the directory');
  }

  async #revisionOf(key: string, value: string): Promise<number | undefined> {
    const current = await this.entries.find(key);
    return current?.value === value ? current.revision : undefined;
  }

  #valueOf({ gatewayId, connectedAt, credentialVersion }: ClaimTerms): string {
    const entry: SessionEntry = {
      edgeId: this.edgeId,
      gatewayId,
      connectedAt: connectedAt.toISOString(),
      ...(credentialVersion !== undefined && { credentialVersion }),
    };
    return JSON.stringify(entry);
  }
}

function entryOf(json: string): SessionEntry | undefined {
  try {
    return sessionEntry.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
