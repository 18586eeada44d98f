import { PARSING_FAILURES_STREAM } from '@gatehouse/contracts';
import { storedMessages } from '@gatehouse/nats';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { failedRecord, type FailedRecord } from './failed-record.ts';

/** A portion ends with the record that goes beyond this: payloads may have a megabyte each. */
const MAX_PORTION_BYTES = 8 * 1024 * 1024;
const NO_MESSAGE_FOUND = 10_037;
const SEQUENCE_NOT_FOUND = 10_043;
const STREAM_NAME = PARSING_FAILURES_STREAM.name;

/** The stream PARSING_FAILURES, to read from and to take out of. */
export class FailedRecords {
  #manager: Promise<JetStreamManager> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  /** The sequence number of what was kept aside last. */
  async lastSequence(): Promise<number> {
    const manager = await this.#opened();
    return (await manager.streams.info(STREAM_NAME)).state.last_seq;
  }

  /**
   * The oldest first; none when there are no more.
   *
   * @param subject may have wildcards
   * @param fromSequence of the first that may be among them
   */
  async read(subject: string, fromSequence: number, count: number): Promise<FailedRecord[]> {
    const stored = await storedMessages(await this.#opened(), STREAM_NAME, {
      seq: fromSequence,
      batch: count,
      max_bytes: MAX_PORTION_BYTES,
      next_by_subj: subject,
    });
    return stored.map(failedRecord);
  }

  /** One that is gone already is as good as removed. */
  async remove(records: readonly FailedRecord[]): Promise<void> {
    const manager = await this.#opened();
    await Promise.all(
      records.map(async ({ sequence }) => {
        try {
          await manager.streams.deleteMessage(STREAM_NAME, sequence, false);
        } catch (error) {
          if (!isGone(error)) throw error;
        }
      }),
    );
  }

  #opened(): Promise<JetStreamManager> {
    // Nothing is asked of the server before it is needed.
    this.#manager ??= jetstreamManager(this.nats, { checkAPI: false });
    return this.#manager;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === NO_MESSAGE_FOUND || code === SEQUENCE_NOT_FOUND;
}
