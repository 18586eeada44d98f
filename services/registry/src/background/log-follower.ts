import {
  readCheckpoint,
  writeCheckpoint,
  type EventNotifications,
  type EventStoreTables,
  type RecordedEvent,
} from '@gatehouse/event-store';
import type { Kysely } from 'kysely';
import { readAll } from '../event-log/read-events.ts';
import type { BackgroundWork } from './background-work.ts';

/** What is done with committed events; the same event can come again, never in another order. */
export interface LogReader {
  /** Of the checkpoint; never renamed. */
  readonly name: string;
  readonly batchSize: number;
  /** The checkpoint moves past the events when this resolves. */
  handle(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>;
}

/** Reads the event log from a reader's checkpoint on, batch by batch, at least once. */
export class LogFollower implements BackgroundWork {
  readonly name: string;
  #oldestPendingAt: Date | undefined;

  constructor(
    private readonly db: Kysely<EventStoreTables>,
    private readonly notifications: EventNotifications,
    private readonly reader: LogReader,
  ) {
    this.name = reader.name;
  }

  /** Age of the oldest event that was read and is not handled, in seconds; 0 when there is none. */
  get lagSeconds(): number {
    return this.#oldestPendingAt === undefined ? 0 : (Date.now() - this.#oldestPendingAt.getTime()) / 1_000;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal);
    } finally {
      this.#oldestPendingAt = undefined;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let checkpoint = await readCheckpoint(this.db, this.reader.name);
    while (!signal.aborted) {
      // Asked for before the read: what is appended in between wakes the reader too.
      const waking = new AbortController();
      const appended = this.notifications.next(AbortSignal.any([signal, waking.signal]));
      const events = await readAll(this.db, checkpoint, this.reader.batchSize);
      const last = events.at(-1);
      this.#oldestPendingAt = events[0]?.recordedAt;
      if (last === undefined) {
        await appended;
        continue;
      }
      waking.abort();
      await this.reader.handle(events, signal);
      checkpoint = last;
      await writeCheckpoint(this.db, this.reader.name, checkpoint);
    }
  }
}
