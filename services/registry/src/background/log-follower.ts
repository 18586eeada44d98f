import {
  logBacklog,
  readCheckpoint,
  START_OF_LOG,
  writeCheckpoint,
  type Backlog,
  type EventNotifications,
  type EventStoreTables,
  type LogPosition,
  type RecordedEvent,
} from '@gatehouse/event-store';
import type { Kysely } from 'kysely';
import { readAll } from '../event-log/read-events.ts';
import { pauseUnlessAborted } from './back-off.ts';
import type { BackgroundWork } from './background-work.ts';

/** What is done with committed events; the same event can come again, never in another order. */
export interface LogReader {
  /** Of the checkpoint; never renamed. */
  readonly name: string;
  readonly batchSize: number;
  /** The checkpoint moves past the events when this resolves. */
  handle(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>;
}

const LOOK_EVERY_MS = 2_000;
const NOTHING: Backlog = { events: 0, oldestAt: undefined };

/** Reads the event log from a reader's checkpoint on, batch by batch, at least once. */
export class LogFollower implements BackgroundWork {
  readonly name: string;
  #checkpoint: LogPosition = START_OF_LOG;
  #backlog: Backlog = NOTHING;

  constructor(
    private readonly db: Kysely<EventStoreTables>,
    private readonly notifications: EventNotifications,
    private readonly reader: LogReader,
  ) {
    this.name = reader.name;
  }

  /**
   * Age in seconds of the oldest committed event that is not handled, be it because readers are held back from
   * it; 0 when there is none. As of the last look, which is up to 2 s ago.
   */
  get lagSeconds(): number {
    const { oldestAt } = this.#backlog;
    return oldestAt === undefined ? 0 : Math.max(0, (Date.now() - oldestAt.getTime()) / 1_000);
  }

  /** How many such events there are; counted up to 100,000. */
  get pendingEvents(): number {
    return this.#backlog.events;
  }

  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const looking = this.#look(AbortSignal.any([signal, ended.signal]));
    try {
      await this.#follow(signal);
    } finally {
      ended.abort();
      await looking;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#checkpoint = await readCheckpoint(this.db, this.reader.name);
    while (!signal.aborted) {
      // Asked for before the read: what is appended in between wakes the reader too.
      const waking = new AbortController();
      const appended = this.notifications.next(AbortSignal.any([signal, waking.signal]));
      const events = await readAll(this.db, this.#checkpoint, this.reader.batchSize);
      const last = events.at(-1);
      if (last === undefined) {
        await appended;
        continue;
      }
      waking.abort();
      await this.reader.handle(events, signal);
      this.#checkpoint = last;
      await writeCheckpoint(this.db, this.reader.name, last);
    }
  }

  /** How much is left to do: {@link readAll} cannot tell of what it is held back from. */
  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pauseUnlessAborted(LOOK_EVERY_MS, signal);
      if (signal.aborted) break;
      // While the database is away, what was known last is the best there is.
      this.#backlog = await logBacklog(this.db, this.#checkpoint).catch(() => this.#backlog);
    }
    this.#backlog = NOTHING;
  }
}
