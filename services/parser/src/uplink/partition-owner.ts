import type { Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ProductWatch } from '../watch/product-watch.ts';
import type { MessageParser } from './message-parser.ts';
import type { MessagePublisher } from './message-publisher.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { retryDelayMs, wait } from './retry-delay.ts';
import {
  UplinkConsumer,
  type GroupLimits,
  type ReceivedBatch,
  type UplinkConsumerContext,
} from './uplink-consumer.ts';

/** What every partition's owner works with. */
export interface UplinkWork {
  readonly parser: MessageParser;
  readonly publisher: MessagePublisher;
  readonly watch: ProductWatch;
  readonly limits: GroupLimits;
  readonly consumer: UplinkConsumerContext;
}

/**
 * Does the work of one partition for as long as its lease holds: takes what has arrived as one group, parses
 * it while the group before is being stored, stores it, acknowledges its batches. No group is published
 * before all of the one before is stored, so a message that has to be published again is not overtaken.
 */
export class PartitionOwner {
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  readonly #logger: Logger;
  readonly #metrics: ParserMetrics;
  #consumer: UplinkConsumer | undefined;
  #isFinishing = false;

  constructor(
    readonly partition: number,
    private readonly work: UplinkWork,
  ) {
    this.#logger = work.consumer.logger;
    this.#metrics = work.consumer.metrics;
    this.#metrics.batchesWaiting(partition, 0);
    this.#ended = this.#run();
  }

  /** Takes nothing more; resolves when the groups in hand are stored and acknowledged. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#consumer?.end();
    await this.#ended;
  }

  /** Stops in the middle of whatever it does: the partition may have another owner. */
  abandon(): void {
    this.#isFinishing = true;
    this.#abort.abort(new Error(`the lease of partition ${this.partition} is over`));
    this.#consumer?.end();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let failures = 0; !this.#isFinishing;) {
      try {
        await this.work.consumer.connection.up(signal);
        await using consumer = await UplinkConsumer.open(this.partition, this.work.consumer);
        this.#consumer = consumer;
        if (this.#isFinishing) break;
        await this.#workThrough(consumer, signal);
        failures = 0;
      } catch (error) {
        if (this.#isFinishing) break;
        this.#logger.warn({ err: error, partition: this.partition }, 'uplink work interrupted');
        await wait(retryDelayMs(failures), signal).catch(() => undefined);
        failures += 1;
      }
    }
    this.#metrics.partitionLeft(this.partition);
  }

  async #workThrough(consumer: UplinkConsumer, signal: AbortSignal): Promise<void> {
    let storing: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const group = await consumer.take(this.work.limits);
        if (group === undefined) break;
        const messages = await this.work.parser.parse(
          group.map(({ batch }) => batch),
          signal,
        );
        this.work.watch.copy(messages);
        await storing;
        storing = this.#store(consumer, group, messages);
        // Awaited with the next group or below; until then a failure must not count as unhandled.
        storing.catch(() => undefined);
      }
    } finally {
      await storing;
    }
  }

  async #store(
    consumer: UplinkConsumer,
    group: readonly ReceivedBatch[],
    messages: readonly ParsedMessage[],
  ): Promise<void> {
    await this.work.publisher.storeAll(messages, this.#abort.signal);
    this.#abort.signal.throwIfAborted();
    consumer.done(group);
    for (const { result } of messages) this.#metrics.messages.add(result.outcome);
  }
}
