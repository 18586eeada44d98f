import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { inboxPrefixOf } from './connect-nats.ts';
import { encodedHeaders } from './encoded-headers.ts';
import { GroupRefused } from './group-publisher.failures.ts';

export interface GroupMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Lines as made by {@link headerLine}; empty for none. */
  readonly headerBlock: string;
}

interface Waiting {
  readonly subject: string;
  readonly count: number;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (refusal: GroupRefused) => void;
}

/** Messages in one batch of the server: it lets a publisher be this far ahead of its acknowledgements. */
const MAX_BATCH = 500;
const SWEEP_INTERVAL_MS = 250;
/** The stream keeps 64 kB of a message's headers; it adds some of its own. */
const MAX_HEADER_BYTES = 60_000;
/** Kept free of the server's `max_payload`, for the headers that the server adds when it hands a message on. */
const PAYLOAD_MARGIN_BYTES = 4_096;
/** A line of the protocol has 4096 bytes at most; the server hangs up on a longer one. The rest is for the reply. */
const MAX_SUBJECT_BYTES = 3_840;
const BAD_REQUEST = 400;
/** Operations in the reply subject of a fast batch (NATS ADR-50). */
const START = 0;
const APPEND = 1;
const COMMIT = 2;

/**
 * Publishes groups of messages to a JetStream stream by fast-ingest batches (NATS ADR-50, nats-server 2.14,
 * a stream with `allow_batched`): one acknowledgement a group instead of one a message, which is half of what
 * a message costs. The server numbers the messages of a batch; at a gap it stores nothing more of it, so what
 * is stored is always the beginning of the group, in order. A message whose `Nats-Msg-Id` the stream knows
 * counts as stored, so a group that was refused can be published again as a whole.
 */
export class GroupPublisher {
  readonly #inbox: string;
  readonly #name: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscription: Subscription;
  readonly #sweep: NodeJS.Timeout;
  #next = 0;

  /** @param timeoutMs how long a batch may go without its acknowledgement */
  constructor(
    private readonly nats: NatsConnection,
    private readonly timeoutMs: number,
  ) {
    this.#inbox = createInbox(inboxPrefixOf(nats));
    this.#name = this.#inbox.slice(this.#inbox.lastIndexOf('.') + 1);
    this.#subscription = nats.subscribe(`${this.#inbox}.>`, {
      callback: (_error, message) => this.#answered(message),
    });
    this.#sweep = setInterval(() => this.#giveUpOnTheLate(), SWEEP_INTERVAL_MS);
    this.#sweep.unref();
  }

  /**
   * Returns when the stream has stored every message of the group, in the order of the group.
   *
   * @throws {GroupRefused} it has not, or nobody said in time; a beginning of the group may be stored
   */
  async store(messages: readonly GroupMessage[]): Promise<void> {
    for (let from = 0; from < messages.length; from += MAX_BATCH) {
      await this.#storeBatch(messages.slice(from, from + MAX_BATCH));
    }
  }

  /** Why the server would never store this message, in words; undefined when it may well. */
  whyUnstorable({ subject, payload, headerBlock }: GroupMessage): string | undefined {
    const headerBytes = Buffer.byteLength(headerBlock);
    if (headerBytes > MAX_HEADER_BYTES) {
      return `its headers have ${headerBytes} bytes; ${MAX_HEADER_BYTES} are allowed`;
    }
    const maxBytes = (this.nats.info?.max_payload ?? Number.POSITIVE_INFINITY) - PAYLOAD_MARGIN_BYTES;
    const bytes = headerBytes + payload.length;
    if (bytes > maxBytes) return `it has ${bytes} bytes with its headers; ${maxBytes} are allowed`;
    const subjectBytes = Buffer.byteLength(subject);
    if (subjectBytes > MAX_SUBJECT_BYTES) {
      return `its subject has ${subjectBytes} bytes; ${MAX_SUBJECT_BYTES} are allowed`;
    }
    return undefined;
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#subscription.unsubscribe();
    for (const batch of this.#waiting.keys()) this.#refuse(batch, 'the publisher was closed');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #storeBatch(messages: readonly GroupMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const batch = this.#name + (this.#next += 1).toString(36);
      const subject = messages[0]?.subject ?? '';
      const deadline = performance.now() + this.timeoutMs;
      this.#waiting.set(batch, { subject, count: messages.length, deadline, resolve, reject });
      try {
        const last = messages.length - 1;
        for (const [index, message] of messages.entries()) {
          const operation = index === last ? COMMIT : index === 0 ? START : APPEND;
          this.nats.publish(message.subject, message.payload, {
            reply: `${this.#inbox}.${batch}.${MAX_BATCH}.fail.${index + 1}.${operation}.$FI`,
            ...(message.headerBlock === '' ? {} : { headers: encodedHeaders(message.headerBlock) }),
          });
        }
      } catch (error) {
        const isPermanent =
          error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError;
        this.#refuse(batch, error instanceof Error ? error.message : String(error), isPermanent);
      }
    });
  }

  #answered(message: Msg): void {
    const start = this.#inbox.length + 1;
    const batch = message.subject.slice(start, message.subject.indexOf('.', start));
    const waiting = this.#waiting.get(batch);
    if (waiting === undefined) return;
    const answer = answerOf(message);
    if (answer.refusal !== undefined) this.#refuse(batch, answer.refusal, answer.isPermanent);
    else if (answer.stored !== undefined && answer.stored < waiting.count) {
      this.#refuse(batch, `${answer.stored} of ${waiting.count} messages came through`);
    } else if (answer.stored !== undefined) {
      this.#waiting.delete(batch);
      waiting.resolve();
    }
  }

  #giveUpOnTheLate(): void {
    const now = performance.now();
    for (const [batch, { deadline }] of this.#waiting) {
      if (deadline > now) return;
      this.#refuse(batch, `no answer within ${this.timeoutMs} ms`);
    }
  }

  #refuse(batch: string, reason: string, isPermanent = false): void {
    const waiting = this.#waiting.get(batch);
    this.#waiting.delete(batch);
    waiting?.reject(new GroupRefused(waiting.subject, reason, isPermanent));
  }
}

interface Answer {
  /** How many messages the finished batch has; nothing while it goes on. */
  readonly stored?: number;
  readonly refusal?: string;
  readonly isPermanent?: boolean;
}

function answerOf(message: Msg): Answer {
  if (message.data.length === 0) return { refusal: 'no stream takes this subject' };
  try {
    const answer = message.json<{
      batch?: string;
      count?: number;
      type?: string;
      error?: { code?: number; description: string };
    }>();
    if (answer.error !== undefined) {
      const { code, description } = answer.error;
      // What is wrong with the batch as such is no message's fault.
      return { refusal: description, isPermanent: code === BAD_REQUEST && !description.includes('batch') };
    }
    if (answer.type === 'gap') return { refusal: 'a message got lost on the way' };
    if (answer.type !== undefined) return {};
    if (answer.batch === undefined) return { refusal: 'the stream takes no batches' };
    return { stored: answer.count ?? 0 };
  } catch {
    return { refusal: 'the answer of the stream cannot be read' };
  }
}
