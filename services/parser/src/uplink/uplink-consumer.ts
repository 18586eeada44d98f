import { decodeUplinkBatch, UPLINK_STREAM, type UplinkBatch } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';

/** A batch in hand: it must be acknowledged when all its messages are stored. */
export interface ReceivedBatch {
  readonly batch: UplinkBatch;
  readonly delivery: JsMsg;
  readonly consumer: UplinkConsumer;
}

export interface UplinkConsumerContext {
  readonly nats: NatsConnection;
  readonly connection: BusConnection;
  readonly metrics: ParserMetrics;
  readonly logger: Logger;
}

/** How long the server waits for an acknowledgement, or for word that the work goes on. */
const ACK_WAIT_MS = 60_000;
const STILL_WORKING_MS = 20_000;
/** Batches handed out and not acknowledged: what one partition holds in memory at most. */
const MAX_ACK_PENDING = 256;
const MESSAGES_PULLED = 128;
const NANOS_PER_MS = 1_000_000;
const CONSUMER_NOT_FOUND = 10_014;

const consumerName = (partition: number): string => `parser-${partition}`;

/**
 * The uplink batches of one partition, each in its turn. Opening makes the durable consumer anew, so that
 * whatever a predecessor had not acknowledged comes first and in order. As soon as a delivery may be missing
 * (NATS was away, a number is skipped) it ends and has to be opened again.
 */
export class UplinkConsumer implements AsyncDisposable {
  readonly #queue: ReceivedBatch[] = [];
  readonly #inHand = new Set<JsMsg>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #stopListening: () => void;
  readonly #stillWorking: NodeJS.Timeout;
  #messages: ConsumerMessages | undefined;
  #onArrival: () => void = () => undefined;
  #lastDelivery = 0;
  #hasEnded = false;
  #hasFailed = false;
  #hasDone = false;
  #isAbandoned = false;

  private constructor(
    readonly partition: number,
    private readonly context: UplinkConsumerContext,
  ) {
    this.#stopListening = context.connection.onLost(() => this.end());
    this.#stillWorking = setInterval(() => {
      for (const delivery of this.#inHand) delivery.working();
      for (const { delivery } of this.#queue) delivery.working();
    }, STILL_WORKING_MS);
  }

  static async open(partition: number, context: UplinkConsumerContext): Promise<UplinkConsumer> {
    const { nats } = context;
    const manager = await jetstreamManager(nats, { checkAPI: false });
    const name = consumerName(partition);
    await manager.consumers.delete(UPLINK_STREAM.name, name).catch((error: { code?: number }) => {
      if (error.code !== CONSUMER_NOT_FOUND) throw error;
    });
    await manager.consumers.add(UPLINK_STREAM.name, {
      durable_name: name,
      description: `owner of uplink partition ${partition}`,
      filter_subject: `uplink.v1.*.${partition}`,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_ack_pending: MAX_ACK_PENDING,
    });
    const consumer = await jetstream(nats).consumers.get(UPLINK_STREAM.name, name);
    const opened = new UplinkConsumer(partition, context);
    const messages = await consumer.consume({
      max_messages: MESSAGES_PULLED,
      callback: (delivery) => opened.#received(delivery),
    });
    opened.#messages = messages;
    void opened.#watch(messages);
    return opened;
  }

  /** Somebody else may own the partition by now: what is in hand must not be published any more. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** It ended because a batch in hand could not be handled. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** At least one batch was handled to its end. */
  get hasDone(): boolean {
    return this.#hasDone;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Since when the oldest batch that is not done with is in the stream, in milliseconds since 1970. */
  get oldestSince(): number | undefined {
    // Handed out and queued in the order of the stream.
    const [oldest = this.#queue[0]?.delivery] = this.#inHand;
    return oldest === undefined ? undefined : oldest.info.timestampNanos / NANOS_PER_MS;
  }

  get hasBatches(): boolean {
    return this.#queue.length > 0;
  }

  /** @param listener called whenever a batch has arrived */
  onArrival(listener: () => void): void {
    this.#onArrival = listener;
    if (this.hasBatches) listener();
  }

  /** The next batch, unless it would be larger than `maxMessages`. */
  take(maxMessages: number): ReceivedBatch | undefined {
    const [next] = this.#queue;
    if (next === undefined || next.batch.messages.length > maxMessages) return undefined;
    this.#queue.shift();
    this.#inHand.add(next.delivery);
    return next;
  }

  /** All messages of this batch are stored. */
  done({ delivery }: ReceivedBatch): void {
    if (this.#isAbandoned) return;
    delivery.ack();
    this.#hasDone = true;
    this.context.metrics.batches.add('done');
    this.#letGo(delivery);
  }

  /** Nothing is known of this batch: ends, so that it is delivered again in its turn. */
  fail({ delivery }: ReceivedBatch): void {
    this.#hasFailed = true;
    this.end();
    this.#letGo(delivery);
  }

  /** This batch is not touched: it is delivered again in its turn, when the consumer is opened again. */
  leave({ delivery }: ReceivedBatch): void {
    this.#letGo(delivery);
  }

  /** Hands out nothing more; batches in hand may still be acknowledged. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#queue.length = 0;
    this.#ended.resolve();
    if (this.#inHand.size === 0) this.#drained.resolve();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#inHand.clear();
    this.end();
    this.#drained.resolve();
  }

  /** Resolves when it hands out nothing more. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Resolves when it has ended and nothing is in hand any more. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#stopListening();
    clearInterval(this.#stillWorking);
    await this.#messages?.close();
  }

  #letGo(delivery: JsMsg): void {
    this.#inHand.delete(delivery);
    if (this.#hasEnded && this.#inHand.size === 0) this.#drained.resolve();
  }

  #received(delivery: JsMsg): void {
    if (this.#hasEnded) return;
    const { deliverySequence, pending } = delivery.info;
    if (deliverySequence !== this.#lastDelivery + 1) {
      this.context.logger.warn({ partition: this.partition, deliverySequence }, 'a delivery is missing');
      this.end();
      return;
    }
    this.#lastDelivery = deliverySequence;
    this.context.metrics.batchesWaiting(this.partition, pending);
    try {
      this.#queue.push({ batch: decodeUplinkBatch(delivery.data), delivery, consumer: this });
    } catch (error) {
      // It will not get better by being delivered again.
      delivery.term(error instanceof Error ? error.message : 'malformed');
      this.context.metrics.batches.add('malformed');
      this.context.logger.error(
        { err: error, subject: delivery.subject, streamSequence: delivery.seq, bytes: delivery.data.length },
        'an uplink batch cannot be read and is given up',
      );
      return;
    }
    this.#onArrival();
  }

  async #watch(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type === 'consumer_deleted' || type === 'consumer_not_found' || type === 'heartbeats_missed') {
        this.context.logger.warn({ partition: this.partition, type }, 'the uplink consumer was interrupted');
        this.end();
      }
    }
    this.end();
  }
}
