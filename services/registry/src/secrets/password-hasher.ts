import { randomBytes, scrypt } from 'node:crypto';
import type { PasswordHash } from '@gatehouse/contracts';

const COST = 512;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Node has four threads for this and for files and names; one stays free. */
const AT_ONCE = 3;

/** A new salted hash (scrypt, RFC 7914). */
export function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  return new Promise((resolve, reject) => {
    scrypt(
      password,
      salt,
      HASH_BYTES,
      { cost: COST, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION },
      (error, hash) => {
        if (error !== null) reject(error);
        else
          resolve({
            algorithm: 'scrypt',
            cost: COST,
            blockSize: BLOCK_SIZE,
            parallelization: PARALLELIZATION,
            salt: salt.toString('base64'),
            hash: hash.toString('base64'),
          });
      },
    );
  });
}

/** Hashes of many passwords, in order, three at a time. */
export async function hashPasswords(passwords: readonly string[]): Promise<PasswordHash[]> {
  const hashes: PasswordHash[] = [];
  const entries = passwords.entries();
  const work = async (): Promise<void> => {
    for (const [index, password] of entries) hashes[index] = await hashPassword(password);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return hashes;
}
