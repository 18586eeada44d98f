import { uplinkSubject } from '@gatehouse/contracts';
import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { EdgeSpans } from '../observability/edge-spans.ts';
import type { NatsLink } from './nats-link.ts';
import type { SealedBatch, UplinkBatchQueue } from './uplink-batch-queue.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

export interface LaneParts {
  readonly publisher: StreamPublisher;
  readonly link: NatsLink;
  readonly metrics: EdgeMetrics;
  readonly spans: EdgeSpans;
  /** Told of each batch when it is stored. */
  readonly onStored: (lane: UplinkLane, batch: SealedBatch) => void;
  readonly onRefused: (subject: string, reason: string) => void;
}

/**
 * Sends the batches of one (gateway, partition): one at a time, and the same one again until JetStream has
 * stored it, so that neither an outage nor a lost answer changes the order.
 */
export class UplinkLane {
  readonly subject: string;
  /** Sessions that publish here. */
  users = 0;
  /** Whether the publisher's next tick visits this lane. */
  isDue = false;
  readonly #afterStored: (() => void)[] = [];
  #inFlight: SealedBatch | undefined;
  #attempt = 0;
  /** The next batch should have left, but one was on its way. */
  #isOverdue = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    gatewayId: string,
    partition: number,
    readonly queue: UplinkBatchQueue,
    private readonly parts: LaneParts,
  ) {
    this.subject = uplinkSubject(gatewayId, partition);
  }

  get isIdle(): boolean {
    return this.#inFlight === undefined && this.queue.isEmpty;
  }

  /** Sends the next batch unless one is on its way or NATS is away. */
  send(): void {
    if (this.#inFlight !== undefined) {
      this.#isOverdue = true;
      return;
    }
    if (!this.parts.link.isUp) return;
    const batch = this.queue.take();
    if (batch === undefined) return;
    this.#inFlight = batch;
    this.#attempt = 0;
    this.#isOverdue = false;
    for (const message of batch.traced) this.parts.spans.startUplink(message, this.subject, batch.id);
    this.#publish(batch);
  }

  /** NATS is back: what was on its way may be lost, what waited goes on. */
  sendAgain(): void {
    if (this.#inFlight === undefined) this.send();
    else this.#publishAgain(this.#inFlight);
  }

  /** Calls `callback` when all that the lane holds now is stored. */
  whenStored(callback: () => void): void {
    if (this.queue.afterStored(callback)) return;
    if (this.#inFlight === undefined) callback();
    else this.#afterStored.push(callback);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #publish(batch: SealedBatch): void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const header = headerLine('Nats-Msg-Id', batch.id);
    this.parts.publisher.publish(this.subject, batch.payload, header, (refusal) => {
      if (this.#inFlight !== batch) return;
      if (refusal === undefined) this.#stored(batch);
      else if (attempt === this.#attempt) this.#refused(batch, refusal.reason);
    });
  }

  #publishAgain(batch: SealedBatch): void {
    clearTimeout(this.#retry);
    this.parts.metrics.uplinkRetries.add();
    this.#publish(batch);
  }

  #refused(batch: SealedBatch, reason: string): void {
    if (this.#isClosed) return;
    this.parts.onRefused(this.subject, reason);
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#attempt, 10));
    clearTimeout(this.#retry);
    // While NATS is away its return is what sends again; the timer is for a JetStream that refuses.
    this.#retry = setTimeout(() => {
      if (this.#inFlight === batch && this.parts.link.isUp) this.#publishAgain(batch);
    }, wait);
  }

  #stored(batch: SealedBatch): void {
    clearTimeout(this.#retry);
    this.#inFlight = undefined;
    for (const message of batch.traced) this.parts.spans.endUplink(message);
    this.parts.onStored(this, batch);
    for (const callback of batch.afterStored) callback();
    for (const callback of this.#afterStored.splice(0)) callback();
    if (this.#isOverdue || this.queue.hasFullBatch) this.send();
  }
}
