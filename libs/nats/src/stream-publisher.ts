import {
  createInbox,
  errors,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import { inboxPrefixOf } from './connect-nats.ts';
import { encodedHeaders } from './encoded-headers.ts';
import { PublishRefused } from './nats.failures.ts';

export interface StoredMessage {
  readonly stream: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** Called once for every message: stored, or the reason why not. */
export type StoredCallback = (refusal: PublishRefused | undefined, stored: StoredMessage | undefined) => void;

interface Waiting {
  readonly subject: string;
  readonly deadline: number;
  readonly done: StoredCallback;
}

const SWEEP_INTERVAL_MS = 250;

/**
 * Publishes to JetStream and learns of every single message whether it was stored, through one inbox shared
 * by all of them. Costs a fifth of a request per message (docs/performance.md), because there is neither a
 * promise nor a timer of its own for each.
 */
export class StreamPublisher {
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscription: Subscription;
  readonly #sweep: NodeJS.Timeout;
  #next = 0;

  /** @param timeoutMs how long a message may go without an answer */
  constructor(
    private readonly nats: NatsConnection,
    private readonly timeoutMs: number,
  ) {
    this.#inbox = createInbox(inboxPrefixOf(nats));
    this.#subscription = nats.subscribe(`${this.#inbox}.*`, {
      callback: (_error, message) => this.#answered(message),
    });
    this.#sweep = setInterval(() => this.#giveUpOnTheLate(), SWEEP_INTERVAL_MS);
    this.#sweep.unref();
  }

  /** Messages that have no answer yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /**
   * Calls `done` when the stream has stored the message or has refused it, or nobody said in time.
   * Messages are stored in the order of the calls.
   *
   * @param headerBlock header lines as made by {@link headerLine}, without the version line; empty for none
   */
  publish(subject: string, payload: Uint8Array, headerBlock: string, done: StoredCallback): void {
    const token = (this.#next += 1).toString(36);
    const reply = `${this.#inbox}.${token}`;
    this.#waiting.set(token, { subject, deadline: performance.now() + this.timeoutMs, done });
    try {
      this.nats.publish(subject, payload, {
        reply,
        ...(headerBlock === '' ? {} : { headers: encodedHeaders(headerBlock) }),
      });
    } catch (error) {
      this.#waiting.delete(token);
      const reason = error instanceof Error ? error.message : String(error);
      done(new PublishRefused(subject, reason, error instanceof errors.InvalidArgumentError), undefined);
    }
  }

  /** As {@link publish}, as a promise. */
  store(subject: string, payload: Uint8Array, headerBlock = ''): Promise<StoredMessage> {
    return new Promise((resolve, reject) => {
      this.publish(subject, payload, headerBlock, (refusal, stored) => {
        if (stored === undefined) reject(refusal ?? new PublishRefused(subject, 'no answer'));
        else resolve(stored);
      });
    });
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#subscription.unsubscribe();
    this.#refuse([...this.#waiting.keys()], 'the publisher was closed');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    const answer = answerOf(waiting.subject, message);
    if (answer instanceof PublishRefused) waiting.done(answer, undefined);
    else waiting.done(undefined, answer);
  }

  #giveUpOnTheLate(): void {
    const now = performance.now();
    const late: string[] = [];
    // In order of publication, and so of deadline: the first that is in time ends the search.
    for (const [token, waiting] of this.#waiting) {
      if (waiting.deadline > now) break;
      late.push(token);
    }
    this.#refuse(late, `no answer within ${this.timeoutMs} ms`);
  }

  #refuse(tokens: readonly string[], reason: string): void {
    for (const token of tokens) {
      const waiting = this.#waiting.get(token);
      this.#waiting.delete(token);
      waiting?.done(new PublishRefused(waiting.subject, reason), undefined);
    }
  }
}

/** The answer of a stream whose `max_msg_size` a message exceeds. */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;
const WRONG_LAST_SEQUENCE = 10_071;

function answerOf(subject: string, message: Msg): StoredMessage | PublishRefused {
  if (message.data.length === 0) return new PublishRefused(subject, 'no stream takes this subject');
  try {
    const answer = message.json<{
      stream: string;
      seq: number;
      duplicate?: boolean;
      error?: { description: string; err_code?: number };
    }>();
    if (answer.error !== undefined) {
      const { description, err_code: code } = answer.error;
      return new PublishRefused(
        subject,
        description,
        code === MESSAGE_EXCEEDS_MAXIMUM,
        code === WRONG_LAST_SEQUENCE,
      );
    }
    return { stream: answer.stream, seq: answer.seq, duplicate: answer.duplicate ?? false };
  } catch {
    return new PublishRefused(subject, 'the answer of the stream cannot be read');
  }
}
