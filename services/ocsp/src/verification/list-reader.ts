import { extname } from 'node:path';
import { ThreadPool } from '@gatehouse/threads';
import type { AnswerTimes } from '../lifetime/answer-lifetime.ts';

/** A CRL that holds, as far as it is kept. */
export interface LoadedList extends AnswerTimes {
  /** As packRevoked() makes it. */
  readonly revoked: Uint8Array<ArrayBuffer>;
}

export interface ListOrder {
  /** Of the CRL. */
  readonly der: Uint8Array;
  /** Whoever the list is needed for, DER. */
  readonly certificate: Uint8Array;
  readonly issuer: Uint8Array;
  readonly clockSkewMs: number;
}

export type ListReading =
  | { readonly outcome: 'read'; readonly list: LoadedList }
  | { readonly outcome: 'unusable'; readonly reason: string };

const LIMITS = {
  threads: 1,
  maxWaiting: 32,
  /** Several times what the largest CRL takes on a machine with nothing else to do. */
  timeoutMs: 60_000,
  maxHeapMib: 1_024,
};

/**
 * Reads and verifies CRLs on a thread of their own, one after the other: one of 4 MB takes seconds, and nothing
 * that it holds can take more than that thread's memory.
 */
export class ListReader {
  readonly #pool = new ThreadPool<ListOrder, ListReading>(
    new URL(`./list-worker${extname(import.meta.url)}`, import.meta.url),
    LIMITS,
  );

  onModuleDestroy(): Promise<void> {
    return this.#pool.close();
  }

  /** Never rejects. */
  async read(order: ListOrder): Promise<ListReading> {
    const reading = await this.#pool.run(order);
    switch (reading.outcome) {
      case 'done':
        return reading.result;
      case 'busy':
        return { outcome: 'unusable', reason: 'too many CRLs wait to be read' };
      case 'failed':
        return { outcome: 'unusable', reason: `the CRL could not be read: ${reading.reason}` };
    }
  }
}
