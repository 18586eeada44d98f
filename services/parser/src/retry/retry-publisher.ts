import type { GroupPublisher } from '@gatehouse/nats';
import { OutageLog, type Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from '../uplink/bus-connection.ts';
import { MessageRefused, MessageTooLarge } from '../uplink/message.failures.ts';
import type { MessageFailure } from '../uplink/message-failure.ts';
import { StoredGroups, type Owned } from '../uplink/stored-groups.ts';
import { failedAgain, parsedAgain, type FailedRecord } from './failed-record.ts';

/** What became of a record. */
export interface TriedRecord {
  readonly record: FailedRecord;
  readonly scriptVersion: number;
  readonly result: Uint8Array | MessageFailure;
}

export interface ParsedRecord extends TriedRecord {
  readonly result: Uint8Array;
}

export interface UnparsedRecord extends TriedRecord {
  readonly result: MessageFailure;
}

type Source = Owned['source'];

/**
 * Stores what became of records, in their order, until the source says that it is abandoned; what is not stored
 * by then may be stored later all the same, under the same id.
 */
export class RetryPublisher {
  readonly #messages: StoredGroups;
  readonly #failures: StoredGroups;

  constructor(
    private readonly stream: GroupPublisher,
    connection: BusConnection,
    metrics: ParserMetrics,
    logger: Logger,
  ) {
    const storing = (what: string): StoredGroups =>
      new StoredGroups(
        stream,
        connection,
        metrics,
        new OutageLog(logger, {
          failing: `${what} were not stored; they are published again`,
          mended: `${what} are stored again`,
        }),
      );
    this.#messages = storing('messages parsed again');
    this.#failures = storing('messages that failed again');
  }

  /** @returns those that the stream MESSAGES does not take */
  async storeParsed(parsed: readonly ParsedRecord[], source: Source): Promise<UnparsedRecord[]> {
    const group = [];
    const unparsed: UnparsedRecord[] = [];
    for (const tried of parsed) {
      const message = parsedAgain(tried.record, tried.result, tried.scriptVersion);
      const reason = this.stream.whyUnstorable(message);
      if (reason === undefined) group.push({ of: { tried, source }, ...message });
      else unparsed.push({ ...tried, result: new MessageTooLarge(reason) });
    }
    for (const { of, reason } of await this.#messages.store(group)) {
      unparsed.push({ ...of.tried, result: new MessageRefused(reason) });
    }
    return unparsed;
  }

  /** @returns those that have another record now, so that their own may go */
  async storeUnparsed(unparsed: readonly UnparsedRecord[], source: Source): Promise<FailedRecord[]> {
    const group = unparsed.flatMap(({ record, result, scriptVersion }) => {
      const next = failedAgain(record, result, scriptVersion);
      return next === undefined ? [] : [{ of: { record, source }, ...next }];
    });
    const refused = new Set((await this.#failures.store(group)).map(({ of }) => of.record));
    return group.flatMap(({ of: { record } }) => (refused.has(record) ? [] : [record]));
  }
}
