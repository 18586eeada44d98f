import { SESSIONS_BUCKET } from '@gatehouse/contracts';
import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import type { KV } from '@nats-io/kv';

export interface FoundEntry {
  readonly revision: number;
  /** Undefined when the entry was deleted. */
  readonly value: string | undefined;
}

/** The bucket `sessions`, every write a compare-and-set that tells its revision. */
export interface SessionEntries {
  /** Undefined when the key was never there. */
  find(key: string): Promise<FoundEntry | undefined>;
  /**
   * @param former revision of what is replaced; 0 for nothing
   * @throws {PublishRefused}
   */
  put(key: string, value: string, former: number): Promise<number>;
  /** @throws {PublishRefused} */
  delete(key: string, former: number): Promise<number>;
}

/** Writes by the edge's publisher, as NATS ADR-8 has it: a key-value client makes a request of each and hides what a delete leaves. */
export class SessionBucket implements SessionEntries {
  constructor(
    private readonly bucket: KV,
    private readonly publisher: StreamPublisher,
  ) {}

  async find(key: string): Promise<FoundEntry | undefined> {
    const found = await this.bucket.get(key);
    if (found === null) return undefined;
    return { revision: found.revision, value: found.operation === 'PUT' ? found.string() : undefined };
  }

  async put(key: string, value: string, former: number): Promise<number> {
    return this.#write(key, Buffer.from(value), lastRevision(former));
  }

  async delete(key: string, former: number): Promise<number> {
    return this.#write(key, EMPTY, `${headerLine('KV-Operation', 'DEL')}${lastRevision(former)}`);
  }

  async #write(key: string, payload: Uint8Array, headerBlock: string): Promise<number> {
    const { seq } = await this.publisher.store(`${SUBJECT_PREFIX}${key}`, payload, headerBlock);
    return seq;
  }
}

const EMPTY = new Uint8Array();
const SUBJECT_PREFIX = `$KV.${SESSIONS_BUCKET.name}.`;
const lastRevision = (revision: number): string =>
  headerLine('Nats-Expected-Last-Subject-Sequence', String(revision));
