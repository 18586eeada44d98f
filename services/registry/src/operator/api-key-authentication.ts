import { timingSafeEqual } from 'node:crypto';
import { BoundedMap } from '@gatehouse/bounded-map';
import type { Principal } from '../api/api-request.ts';
import { ApiKeyInvalid, ApiKeyMissing } from '../api/api.failures.ts';
import { apiKeyHash, looksLikeApiKey } from './api-key-secret.ts';
import type { ApiKeyQueries } from './api-keys.queries.ts';
import type { FailedAttempts } from './failed-attempts.ts';

/** How long an answer of the database is used, in milliseconds; a revoked key works at most this long. */
const CACHE_MS = 5_000;
const MAX_CACHED = 1_000;
const BEARER = /^Bearer +(\S{1,512})$/i;

interface Cached {
  readonly principal: Principal | undefined;
  readonly until: number;
}

/** Whose key is it? The bootstrap key needs no database, so that a new installation can be set up. */
export class ApiKeyAuthentication {
  readonly #cache = new BoundedMap<string, Cached>(MAX_CACHED);
  readonly #bootstrapHash: Buffer | undefined;

  /** @param bootstrapKey accepted as it is, with full rights */
  constructor(
    private readonly keys: ApiKeyQueries,
    private readonly attempts: FailedAttempts,
    bootstrapKey: string | undefined,
  ) {
    this.#bootstrapHash = bootstrapKey === undefined ? undefined : apiKeyHash(bootstrapKey);
  }

  /**
   * @param authorization the header's value
   * @param address where the request came from; wrong keys are slowed down by it
   * @throws {ApiKeyMissing | ApiKeyInvalid | TooManyFailedAttempts}
   */
  async authenticate(authorization: string | undefined, address: string): Promise<Principal> {
    if (authorization === undefined || authorization === '') throw new ApiKeyMissing();
    const key = keyOf(authorization);
    const principal = key === undefined ? undefined : await this.#principalOf(key);
    if (principal !== undefined) return principal;
    await this.attempts.failed(address);
    throw new ApiKeyInvalid();
  }

  /** Whether a key that was good is good still; while nobody can say, it is. */
  async isStillGood(authorization: string | undefined): Promise<boolean> {
    const key = keyOf(authorization);
    try {
      return key !== undefined && (await this.#principalOf(key)) !== undefined;
    } catch {
      return true;
    }
  }

  /** Forgets what is cached, so that a key that was revoked here stops working at once. */
  forget(): void {
    this.#cache.clear();
  }

  async #principalOf(key: string): Promise<Principal | undefined> {
    const hash = apiKeyHash(key);
    if (this.#bootstrapHash !== undefined && timingSafeEqual(hash, this.#bootstrapHash)) {
      return { name: 'bootstrap', role: 'administrator' };
    }
    if (!looksLikeApiKey(key)) return undefined;
    const cacheKey = hash.toString('base64');
    const cached = this.#cache.get(cacheKey);
    if (cached !== undefined && cached.until > Date.now()) return cached.principal;
    const found = await this.keys.findByHash(hash);
    const principal =
      found !== undefined && timingSafeEqual(hash, found.hash)
        ? { name: found.name, role: found.role }
        : undefined;
    this.#cache.set(cacheKey, { principal, until: Date.now() + CACHE_MS });
    return principal;
  }
}

function keyOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}
