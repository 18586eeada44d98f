import {
  ATTEMPTS_STREAM,
  connectionAttempt,
  connectionAttemptSubject,
  type ConnectionAttempt,
} from '@gatehouse/contracts';
import { CountedByLabel, observedGauge, type Logger } from '@gatehouse/observability';
import { DeliverPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BackgroundWork } from '../background/background-work.ts';
import type { RecentAttempts } from './recent-attempts.ts';

/** More than one message holds: the place of a record is that of its message and its number in it. */
const RECORDS_OF_MESSAGE = 1_024;
const PREFETCHED_BYTES = 4 * 1024 * 1024;

export interface AttemptFollowerParts {
  readonly nats: NatsConnection;
  readonly attempts: RecentAttempts;
  /** Of the attempts: so many messages hold enough of them. */
  readonly capacity: number;
  readonly logger: Logger;
}

/**
 * Follows the stream CONNECTION_ATTEMPTS: each instance reads all of it, from as far back as may matter. After
 * a break it goes on where it was.
 */
export class AttemptFollower implements BackgroundWork {
  readonly name = 'connection-attempts';
  readonly #records = new CountedByLabel<'kept' | 'malformed'>(
    'gatehouse.registry.connection_attempts.records',
    'Records of the stream CONNECTION_ATTEMPTS by what became of them; what is no array counts once',
    'outcome',
  );
  #seen = 0;

  constructor(private readonly parts: AttemptFollowerParts) {
    const { attempts } = parts;
    observedGauge(
      'gatehouse.registry.connection_attempts.kept',
      'Attempts to connect that this instance can show',
      () => attempts.size,
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const { nats, attempts, capacity } = this.parts;
    const manager = await jetstreamManager(nats);
    const { state } = await manager.streams.info(ATTEMPTS_STREAM.name);
    if (state.last_seq < this.#seen) {
      this.#seen = 0;
      attempts.clear();
    }
    const from = Math.max(this.#seen + 1, state.first_seq, state.last_seq - capacity, 1);
    if (from > state.last_seq) attempts.filled();
    const consumer = await jetstream(nats).consumers.get(ATTEMPTS_STREAM.name, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    });
    const messages = await consumer.consume({ max_bytes: PREFETCHED_BYTES });
    const stop = (): void => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      for await (const message of messages) {
        this.#take(message);
        if (message.seq >= state.last_seq) attempts.filled();
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await messages.close();
    }
  }

  #take(message: JsMsg): void {
    this.#seen = message.seq;
    const records = recordsOf(message);
    if (records === undefined) {
      this.#records.add('malformed');
      this.parts.logger.warn(
        { subject: message.subject, seq: message.seq },
        'a message holds no attempts to connect',
      );
      return;
    }
    const isJudged = message.subject === connectionAttemptSubject('judged');
    let malformed = 0;
    for (const [index, record] of records.slice(0, RECORDS_OF_MESSAGE).entries()) {
      const attempt = readable(record);
      if (attempt === undefined) malformed += 1;
      else this.parts.attempts.put({ place: message.seq * RECORDS_OF_MESSAGE + index, attempt }, isJudged);
    }
    malformed += Math.max(0, records.length - RECORDS_OF_MESSAGE);
    this.#records.add('kept', records.length - malformed);
    if (malformed === 0) return;
    this.#records.add('malformed', malformed);
    this.parts.logger.warn({ seq: message.seq, malformed }, 'records of attempts to connect cannot be read');
  }
}

function recordsOf(message: JsMsg): readonly unknown[] | undefined {
  try {
    const records: unknown = message.json();
    return Array.isArray(records) ? records : undefined;
  } catch {
    return undefined;
  }
}

function readable(record: unknown): ConnectionAttempt | undefined {
  const parsed = connectionAttempt.safeParse(record);
  return parsed.success ? parsed.data : undefined;
}
