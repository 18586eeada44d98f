import { setTimeout as delay } from 'node:timers/promises';
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
}

export interface GroupLimits {
  readonly batches: number;
  readonly messages: number;
  /** How long a group is held open for more while the traffic is dense; a lone batch never waits. */
  readonly lingerMs: number;
}

/** Two groups within this time of each other are dense traffic. */
const DENSE_MS = 50;

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

const consumerName = (partition: number): string => `parser-${partition}`;

/**
 * The uplink batches of one partition, each in its turn. Opening makes the durable consumer anew, so that
 * whatever a predecessor had not acknowledged comes first and in order. As soon as a delivery may be missing
 * (NATS was away, a number is skipped) it ends and has to be opened again.
 */
export class UplinkConsumer implements AsyncDisposable {
  readonly #queue: ReceivedBatch[] = [];
  readonly #held = new Set<JsMsg>();
  readonly #stopListening: () => void;
  readonly #stillWorking: NodeJS.Timeout;
  #messages: ConsumerMessages | undefined;
  #wake: () => void = () => undefined;
  #lastDelivery = 0;
  #lastTakenAt = 0;
  #hasEnded = false;

  private constructor(
    readonly partition: number,
    private readonly context: UplinkConsumerContext,
  ) {
    this.#stopListening = context.connection.onLost(() => this.end());
    this.#stillWorking = setInterval(() => {
      for (const delivery of this.#held) delivery.working();
    }, STILL_WORKING_MS);
  }

  static async open(partition: number, context: UplinkConsumerContext): Promise<UplinkConsumer> {
    const { nats } = context;
    const manager = await jetstreamManager(nats, { checkAPI: false });
    const name = consumerName(partition);
    await manager.consumers.delete(UPLINK_STREAM.name, name).catch(ignoreMissing);
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

  /** The next batches in their order, at least one; undefined when it has ended. */
  async take(limits: GroupLimits): Promise<readonly ReceivedBatch[] | undefined> {
    while (this.#queue.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const isDense = performance.now() - this.#lastTakenAt < DENSE_MS;
    if (isDense && limits.lingerMs > 0 && this.#queue.length < limits.batches) await delay(limits.lingerMs);
    if (this.#hasEnded) return undefined;
    this.#lastTakenAt = performance.now();
    let taken = 0;
    let messages = 0;
    for (const { batch } of this.#queue) {
      messages += batch.messages.length;
      if (taken > 0 && (taken >= limits.batches || messages > limits.messages)) break;
      taken += 1;
    }
    return this.#queue.splice(0, taken);
  }

  /** All messages of these batches are stored. */
  done(batches: readonly ReceivedBatch[]): void {
    for (const { delivery } of batches) {
      delivery.ack();
      this.#held.delete(delivery);
    }
    this.context.metrics.batches.add('done', batches.length);
  }

  /** Hands out nothing more; batches in hand may still be acknowledged. */
  end(): void {
    this.#hasEnded = true;
    this.#queue.length = 0;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#stopListening();
    clearInterval(this.#stillWorking);
    this.#held.clear();
    await this.#messages?.close();
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
      this.#queue.push({ batch: decodeUplinkBatch(delivery.data), delivery });
      this.#held.add(delivery);
      this.#wake();
    } catch (error) {
      // It will not get better by being delivered again.
      delivery.term(error instanceof Error ? error.message : 'malformed');
      this.context.metrics.batches.add('malformed');
      this.context.logger.error(
        { err: error, subject: delivery.subject, streamSequence: delivery.seq, bytes: delivery.data.length },
        'an uplink batch cannot be read and is given up',
      );
    }
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

function ignoreMissing(error: unknown): void {
  const CONSUMER_NOT_FOUND = 10_014;
  if ((error as { code?: number }).code !== CONSUMER_NOT_FOUND) throw error;
}
