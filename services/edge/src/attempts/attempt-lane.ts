import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { NatsLink } from '../routing/nats-link.ts';

export interface AttemptLaneParts {
  readonly publisher: StreamPublisher;
  readonly link: NatsLink;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

const LINGER_MS = 200;
const RETRY_MS = 500;
/** Records are worth some patience, not a queue that is held up for ever. */
const MAX_TRIES = 5;
/** The contract's limit for one message is 1,000 records. */
const MAX_BATCH_RECORDS = 500;
const MAX_WAITING_BYTES = 8 * 1_048_576;

export interface AttemptLaneSettings {
  readonly subject: string;
  /** Unique for ever: ids of batches begin with it. */
  readonly batchPrefix: string;
  /** A record that is larger goes alone. */
  readonly maxBatchBytes: number;
}

interface Batch {
  readonly id: string;
  readonly records: number;
  readonly payload: Uint8Array;
  tries: number;
}

/** Publishes records to one subject in batches, one on its way at a time. What its queue has no room for is dropped. */
export class AttemptLane {
  /** Each as JSON. */
  #waiting: string[] = [];
  #waitingBytes = 0;
  #inFlight: Batch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #onSettled: (() => void)[] = [];

  constructor(
    private readonly settings: AttemptLaneSettings,
    private readonly parts: AttemptLaneParts,
  ) {
    parts.link.onUp(() => (this.#inFlight === undefined ? this.#send() : this.#publish(this.#inFlight)));
  }

  get queued(): number {
    return this.#waiting.length + (this.#inFlight?.records ?? 0);
  }

  add(record: string): void {
    const bytes = Buffer.byteLength(record);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.parts.metrics.drops.add('attempt-queue-full');
      return;
    }
    this.#waiting.push(record);
    this.#waitingBytes += bytes;
    if (this.#inFlight === undefined) this.#timer ??= setTimeout(() => this.#send(), LINGER_MS);
  }

  /** Resolves when everything is stored or dropped, or with what is left when `deadline` aborts. */
  async flush(deadline: AbortSignal): Promise<void> {
    this.#send();
    if (this.queued === 0 || deadline.aborted) return;
    await new Promise<void>((resolve) => {
      this.#onSettled.push(resolve);
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.queued > 0) this.parts.metrics.drops.add('attempt-stopped', this.queued);
    this.#waiting = [];
    this.#inFlight = undefined;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#inFlight !== undefined || this.#waiting.length === 0 || !this.parts.link.isUp) return;
    let bytes = 0;
    let count = 0;
    for (const record of this.#waiting) {
      bytes += Buffer.byteLength(record);
      if (count > 0 && (bytes > this.settings.maxBatchBytes || count === MAX_BATCH_RECORDS)) break;
      count += 1;
    }
    const records = this.#waiting.splice(0, count);
    for (const record of records) this.#waitingBytes -= Buffer.byteLength(record);
    this.#inFlight = {
      id: `${this.settings.batchPrefix}-${(this.#next += 1)}`,
      records: records.length,
      payload: Buffer.from(`[${records.join(',')}]`),
      tries: 0,
    };
    this.#publish(this.#inFlight);
  }

  #publish(batch: Batch): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    batch.tries += 1;
    this.parts.publisher.publish(
      this.settings.subject,
      batch.payload,
      headerLine('Nats-Msg-Id', batch.id),
      (refusal) => {
        if (this.#inFlight !== batch) return;
        if (refusal === undefined) this.#settle();
        else if (batch.tries >= MAX_TRIES || refusal.isTooLarge) this.#drop(batch, refusal.reason);
        else {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => {
            this.#timer = undefined;
            if (this.parts.link.isUp) this.#publish(batch);
          }, RETRY_MS);
        }
      },
    );
  }

  #drop({ records }: Batch, reason: string): void {
    this.parts.metrics.drops.add('attempt-refused', records);
    this.parts.logger.warn({ reason, records }, 'records of connection attempts were not stored');
    this.#settle();
  }

  #settle(): void {
    this.#inFlight = undefined;
    if (this.#waiting.length > 0) setImmediate(() => this.#send());
    else for (const settled of this.#onSettled.splice(0)) settled();
  }
}
