import {
  deviceOfSessionKey,
  sessionEntry,
  sessionKey,
  SESSIONS_BUCKET,
  type SessionEntry,
} from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

export interface FoundSession {
  /** The session number: the revision of the entry. */
  readonly session: number;
  readonly entry: SessionEntry;
}

export interface DirectoryEntry extends FoundSession {
  readonly productKey: string;
  readonly deviceName: string;
}

/** Which edge holds which device: the bucket `sessions`, written by the edges. */
export class SessionDirectory {
  #bucket: Promise<KV> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  /** The live session of a device; undefined when no edge holds it. */
  async find(productKey: string, deviceName: string): Promise<FoundSession | undefined> {
    const found = await (await this.#open()).get(sessionKey(productKey, deviceName));
    if (found === null || found.operation !== 'PUT') return undefined;
    const entry = sessionEntry.safeParse(found.json());
    return entry.success ? { session: found.revision, entry: entry.data } : undefined;
  }

  /** The greatest number that any session has had so far. */
  async newestNumber(): Promise<number> {
    const { streamInfo } = await (await this.#open()).status();
    return streamInfo.state.last_seq;
  }

  /** All sessions of one edge. Reads the whole directory: for rare occasions. */
  async *sessionsOf(edgeId: string): AsyncIterable<DirectoryEntry> {
    const bucket = await this.#open();
    for await (const found of await bucket.history()) {
      if (found.operation !== 'PUT') continue;
      const entry = sessionEntry.safeParse(found.json());
      const device = deviceOfSessionKey(found.key);
      if (!entry.success || device === undefined || entry.data.edgeId !== edgeId) continue;
      yield { ...device, session: found.revision, entry: entry.data };
    }
  }

  /** Removes an entry unless a newer session has taken its place. */
  async remove({ productKey, deviceName, session }: Omit<DirectoryEntry, 'entry'>): Promise<void> {
    const bucket = await this.#open();
    try {
      await bucket.delete(sessionKey(productKey, deviceName), { previousSeq: session });
    } catch (error) {
      if (!isWrongRevision(error)) throw error;
    }
  }

  #open(): Promise<KV> {
    this.#bucket ??= openBucket(this.nats, SESSIONS_BUCKET).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}

const WRONG_LAST_SEQUENCE = 10_071;

function isWrongRevision(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === WRONG_LAST_SEQUENCE;
}
