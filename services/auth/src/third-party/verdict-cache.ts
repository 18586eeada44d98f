import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import type { TopicPermission } from '@gatehouse/contracts';
import type { AuthConfig } from '../auth.config.ts';
import type { ReadyDevice } from '../registry/device-directory.ts';

export interface AcceptedVerdict {
  readonly outcome: 'accepted';
  readonly device: ReadyDevice;
  /** Null: no limit. */
  readonly expiresAt: Date | null;
  readonly permissions: TopicPermission[];
}

export interface RefusedVerdict {
  readonly outcome: 'refused';
  readonly message: string | undefined;
}

interface Remembered<Verdict> {
  readonly verdict: Verdict;
  readonly until: number;
}

/**
 * Answers of authenticators that are used again: a yes for as long as the gateway allows, a no for a moment,
 * against clients that try at full speed. Kept apart, so that wrong passwords push no device out.
 *
 * Nothing is dropped from it: the version of the gateway is in the key, and a yes holds only while its device
 * is the very one that the DeviceDirectory knows.
 */
export class VerdictCache {
  readonly #accepted: LeastRecentlyUsedMap<string, Remembered<AcceptedVerdict>>;
  readonly #refused: LeastRecentlyUsedMap<string, Remembered<RefusedVerdict>>;

  constructor(
    private readonly config: Pick<AuthConfig, 'AUTH_VERDICT_CACHE_ENTRIES' | 'AUTH_NEGATIVE_CACHE_SECONDS'>,
  ) {
    this.#accepted = new LeastRecentlyUsedMap(config.AUTH_VERDICT_CACHE_ENTRIES);
    this.#refused = new LeastRecentlyUsedMap(config.AUTH_VERDICT_CACHE_ENTRIES);
  }

  find(key: string): AcceptedVerdict | RefusedVerdict | undefined {
    return fresh(this.#accepted, key) ?? fresh(this.#refused, key);
  }

  rememberAccepted(key: string, verdict: AcceptedVerdict, cacheSeconds: number): void {
    const expiresInMs = verdict.expiresAt === null ? Infinity : verdict.expiresAt.getTime() - Date.now();
    remember(this.#accepted, key, verdict, Math.min(cacheSeconds * 1_000, expiresInMs));
  }

  rememberRefused(key: string, verdict: RefusedVerdict): void {
    remember(this.#refused, key, verdict, this.config.AUTH_NEGATIVE_CACHE_SECONDS * 1_000);
  }

  forgetAccepted(key: string): void {
    this.#accepted.delete(key);
  }
}

function fresh<Verdict>(
  cache: LeastRecentlyUsedMap<string, Remembered<Verdict>>,
  key: string,
): Verdict | undefined {
  const remembered = cache.get(key);
  if (remembered === undefined) return undefined;
  if (remembered.until > performance.now()) return remembered.verdict;
  cache.delete(key);
  return undefined;
}

function remember<Verdict>(
  cache: LeastRecentlyUsedMap<string, Remembered<Verdict>>,
  key: string,
  verdict: Verdict,
  forMs: number,
): void {
  if (forMs > 0) cache.set(key, { verdict, until: performance.now() + forMs });
}
