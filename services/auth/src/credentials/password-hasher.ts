import { scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from '@gatehouse/contracts';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';

type ScryptSettings = Pick<PasswordHash, 'cost' | 'blockSize' | 'parallelization'>;

const NO_SALT = Buffer.alloc(16).toString('base64');
const NO_HASH = Buffer.alloc(32).toString('base64');

/**
 * Compares passwords with scrypt hashes on libuv's threads, a few at a time: the others wait in a bounded
 * line, so that a storm of CONNECTs neither fills the thread pool nor the memory.
 */
export class PasswordHasher {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #latest: ScryptSettings = { cost: 16, blockSize: 8, parallelization: 1 };

  constructor(
    private readonly config: Pick<
      AuthConfig,
      'AUTH_PASSWORD_HASHES_AT_ONCE' | 'AUTH_PASSWORD_HASHES_WAITING'
    >,
    private readonly metrics: AuthMetrics,
  ) {}

  /**
   * What the password of an unknown user is compared with, so that the answer takes as long as that of a known
   * one: a hash with the settings of the hash that was compared last. Nothing matches it.
   */
  get hashOfNobody(): PasswordHash {
    return { algorithm: 'scrypt', ...this.#latest, salt: NO_SALT, hash: NO_HASH };
  }

  /**
   * Takes the time of one scrypt run with the settings of `expected`, whether it matches or not.
   *
   * @returns `overloaded` when too many wait already; nothing was compared then
   */
  async compare(password: string, expected: PasswordHash): Promise<'match' | 'mismatch' | 'overloaded'> {
    if (this.#running < this.config.AUTH_PASSWORD_HASHES_AT_ONCE) {
      this.#running += 1;
    } else if (this.#waiting.length < this.config.AUTH_PASSWORD_HASHES_WAITING) {
      // Whoever finishes hands its place on, so the number of those running stays as it is.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else {
      this.metrics.passwordChecks.add('overloaded');
      return 'overloaded';
    }
    const startedAt = performance.now();
    try {
      const wanted = Buffer.from(expected.hash, 'base64');
      const actual = await derive(password, expected, wanted.length);
      const { cost, blockSize, parallelization } = expected;
      this.#latest = { cost, blockSize, parallelization };
      return timingSafeEqual(actual, wanted) ? 'match' : 'mismatch';
    } finally {
      this.metrics.passwordChecks.add('hashed');
      this.metrics.hashSeconds.record((performance.now() - startedAt) / 1_000);
      this.#passOn();
    }
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

function derive(password: string, settings: PasswordHash, bytes: number): Promise<Buffer> {
  const { cost, blockSize, parallelization } = settings;
  // RFC 7914 §2: about 128 · N · r bytes and 128 · r · p; twice that leaves room for OpenSSL's own.
  const maxmem = 2 * 128 * blockSize * (cost + parallelization + 2);
  return new Promise((resolve, reject) => {
    scrypt(
      password,
      Buffer.from(settings.salt, 'base64'),
      bytes,
      { cost, blockSize, parallelization, maxmem },
      (error, derived) => {
        if (error === null) resolve(derived);
        else reject(error);
      },
    );
  });
}
