import { randomBytes, scrypt } from 'node:crypto';
import type { PasswordHash } from '@gatehouse/contracts';

const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Of a password that is set alone; those of an import have a setting, REGISTRY_PASSWORD_COST. */
const SINGLE_COST = 512;
/** Node has four threads for this and for files and names; one stays free. */
const AT_ONCE = 3;

/**
 * A new salted hash (scrypt, RFC 7914).
 *
 * @param cost N, a power of two
 */
export function hashPassword(password: string, cost = SINGLE_COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const settings = { cost, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION };
  // RFC 7914 §2: 128 · N · r bytes and some; twice that leaves room for OpenSSL's own.
  const maxmem = 2 * 128 * BLOCK_SIZE * (cost + PARALLELIZATION + 2);
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { ...settings, maxmem }, (error, hash) => {
      if (error !== null) reject(error);
      else {
        resolve({
          algorithm: 'scrypt',
          ...settings,
          salt: salt.toString('base64'),
          hash: hash.toString('base64'),
        });
      }
    });
  });
}

export interface FleetHashing {
  /** N, a power of two. */
  readonly cost: number;
  /** Told after each, from other threads' work: never more than one at a time. */
  readonly onHashed: (index: number, hash: PasswordHash) => void;
}

/** Hashes many passwords, three at a time, in no order. */
export async function hashPasswords(
  passwords: readonly string[],
  { cost, onHashed }: FleetHashing,
): Promise<void> {
  const entries = passwords.entries();
  const work = async (): Promise<void> => {
    for (const [index, password] of entries) onHashed(index, await hashPassword(password, cost));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
