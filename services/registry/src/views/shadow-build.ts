import { readVisible, START_OF_LOG, type LogPosition, type RecordedEvent } from '@gatehouse/event-store';
import { BufferedDeviceRows } from '../device/buffered-device-rows.ts';
import { readAll, upcastAll } from '../event-log/read-events.ts';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import { applyToViews } from './registry-views.projection.ts';
import { useShadows, withoutTimeout } from './shadow-views.ts';

/** Two batches are in memory at a time. */
const EVENTS_AT_ONCE = 5_000;

/** Fills shadow views from the log, batch by batch in short transactions: other readers of the log go on. */
export class ShadowBuild {
  #position: LogPosition = START_OF_LOG;
  #events = 0;
  readonly #devices = new BufferedDeviceRows();

  /** @param onProgress is told after each batch how many events there were so far */
  constructor(
    private readonly db: RegistryDb,
    private readonly onProgress: (events: number) => void,
  ) {}

  /** Events that the shadows know. */
  get events(): number {
    return this.#events;
  }

  /** Until the log has no more events that readers may see. */
  async catchUp(): Promise<void> {
    let events = await readAll(this.db, this.#position, EVENTS_AT_ONCE);
    for (let last = events.at(-1); last !== undefined; last = events.at(-1)) {
      // The next batch is read while this one is folded.
      const next = readAll(this.db, last, EVENTS_AT_ONCE);
      next.catch(() => undefined);
      await this.#apply(events);
      events = await next;
      // The transaction of this batch was open while the next was read, and may have held it back.
      if (events.length === 0) events = await readAll(this.db, this.#position, EVENTS_AT_ONCE);
    }
    await this.#writeDevices();
  }

  /**
   * Every event that the caller's transaction sees and the shadows do not know yet.
   *
   * @param transaction uses the shadows; nothing can be appended under it ({@link readVisible})
   * @returns false when more than `limit` are left; the transaction is of no use then
   */
  async finish(transaction: RegistryTransaction, limit: number): Promise<boolean> {
    let position = this.#position;
    for (let applied = 0; ;) {
      const events = upcastAll(await readVisible(transaction, position, EVENTS_AT_ONCE));
      const last = events.at(-1);
      if (last === undefined) return true;
      applied += events.length;
      if (applied > limit) return false;
      await applyToViews(transaction, events);
      position = last;
    }
  }

  async #apply(events: readonly RecordedEvent[]): Promise<void> {
    await this.#inShadows((transaction) => applyToViews(transaction, events, this.#devices));
    if (this.#devices.isFull) await this.#writeDevices();
    this.#position = events.at(-1) ?? this.#position;
    this.#events += events.length;
    this.onProgress(this.#events);
  }

  async #writeDevices(): Promise<void> {
    for (const write of this.#devices.takeWrites()) await this.#inShadows(write);
  }

  #inShadows(work: (transaction: RegistryTransaction) => Promise<void>): Promise<void> {
    return this.db.transaction().execute(async (transaction) => {
      await withoutTimeout(transaction);
      await useShadows(transaction);
      await work(transaction);
    });
  }
}
