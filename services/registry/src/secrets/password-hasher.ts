import { randomBytes, scrypt } from 'node:crypto';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PasswordHash } from '@gatehouse/contracts';

const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Of a password that is set alone; those of an import have a setting, REGISTRY_PASSWORD_COST. */
const SINGLE_COST = 512;
/** Fewer are hashed sooner than a thread is started. */
const WORTH_A_THREAD = 100;
const PIECE_SIZE = 100;

interface ScryptSettings {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly maxmem: number;
}

/** What `password-worker.ts` is started with. */
export interface WorkerOrder {
  readonly passwords: readonly string[];
  readonly settings: ScryptSettings;
  readonly saltBytes: number;
  readonly hashBytes: number;
  readonly pieceSize: number;
}

/** What it sends, piece by piece, in the order of the passwords. */
type HashedPiece = readonly Pick<PasswordHash, 'salt' | 'hash'>[];

/**
 * A new salted hash (scrypt, RFC 7914).
 *
 * @param cost N, a power of two
 */
export function hashPassword(password: string, cost = SINGLE_COST): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const settings = settingsOf(cost);
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, settings, (error, hash) => {
      if (error !== null) reject(error);
      else resolve(passwordHashOf(cost, { salt: salt.toString('base64'), hash: hash.toString('base64') }));
    });
  });
}

export interface FleetHashing {
  /** N, a power of two. */
  readonly cost: number;
  /** Told of each, in the order of the passwords. */
  readonly onHashed: (index: number, hash: PasswordHash) => void;
}

/** Hashes many passwords on a thread of their own. */
export async function hashPasswords(
  passwords: readonly string[],
  { cost, onHashed }: FleetHashing,
): Promise<void> {
  if (passwords.length < WORTH_A_THREAD) {
    for (const [index, password] of passwords.entries()) onHashed(index, await hashPassword(password, cost));
    return;
  }
  let done = 0;
  await hashOnThread(passwords, cost, (piece) => {
    for (const hashed of piece) {
      onHashed(done, passwordHashOf(cost, hashed));
      done += 1;
    }
  });
}

async function hashOnThread(
  passwords: readonly string[],
  cost: number,
  onPiece: (piece: HashedPiece) => void,
): Promise<void> {
  const order: WorkerOrder = {
    passwords,
    settings: settingsOf(cost),
    saltBytes: SALT_BYTES,
    hashBytes: HASH_BYTES,
    pieceSize: PIECE_SIZE,
  };
  const file = new URL(`./password-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: order });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', onPiece);
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`the thread that hashes passwords ended with code ${code}`));
      });
    });
  } finally {
    await worker.terminate();
  }
}

function settingsOf(cost: number): ScryptSettings {
  // RFC 7914 §2: 128 · N · r bytes and some; twice that leaves room for OpenSSL's own.
  const maxmem = 2 * 128 * BLOCK_SIZE * (cost + PARALLELIZATION + 2);
  return { cost, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION, maxmem };
}

function passwordHashOf(cost: number, { salt, hash }: HashedPiece[number]): PasswordHash {
  return {
    algorithm: 'scrypt',
    cost,
    blockSize: BLOCK_SIZE,
    parallelization: PARALLELIZATION,
    salt,
    hash,
  };
}
