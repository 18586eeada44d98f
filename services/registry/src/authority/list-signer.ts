import type { KeyObject } from 'node:crypto';
import { extname } from 'node:path';
import { ThreadPool } from '@gatehouse/threads';

export interface ListOrder {
  /** Of the authority, DER. */
  readonly certificate: Uint8Array;
  readonly key: KeyObject;
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** A line each: serial number in hexadecimal, seconds since 1970, and the reason when there is one. */
  readonly revocations: string;
}

export type SignedList =
  | { readonly outcome: 'signed'; readonly list: Uint8Array<ArrayBuffer> }
  | { readonly outcome: 'failed'; readonly reason: string };

const LIMITS = {
  threads: 1,
  /** Authorities whose lists are to be made at once; each is there once. */
  maxWaiting: 100,
  /** Many times what 80,000 entries take. */
  timeoutMs: 120_000,
  maxHeapMib: 1_024,
};

/** Signs revocation lists on a thread of their own: one of 80,000 entries takes seconds. */
export class ListSigner {
  readonly #pool = new ThreadPool<ListOrder, SignedList>(
    new URL(`./list-signing-worker${extname(import.meta.url)}`, import.meta.url),
    LIMITS,
  );

  onModuleDestroy(): Promise<void> {
    return this.#pool.close();
  }

  /** Never rejects. */
  async sign(order: ListOrder): Promise<SignedList> {
    const signed = await this.#pool.run(order);
    switch (signed.outcome) {
      case 'done':
        return signed.result;
      case 'busy':
        return { outcome: 'failed', reason: 'too many lists wait to be signed' };
      case 'failed':
        return signed;
    }
  }
}
