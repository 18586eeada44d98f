import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ProductWatch } from '../watch/product-watch.ts';
import type { MessageParser } from './message-parser.ts';
import type { MessagePublisher } from './message-publisher.ts';
import type { ParsedMessage } from './parsed-message.ts';
import type { ReceivedBatch, UplinkConsumer } from './uplink-consumer.ts';

export interface GroupLimits {
  readonly batches: number;
  /** A larger batch is a group of its own. */
  readonly messages: number;
  /** How long a group is held open for more while the traffic is dense; a lone batch never waits. */
  readonly lingerMs: number;
}

/** What is done with a group, in this order. */
export interface GroupSteps {
  readonly parser: MessageParser;
  readonly watch: ProductWatch;
  readonly publisher: MessagePublisher;
}

/** Two groups within this time of each other are dense traffic. */
const DENSE_MS = 50;

/**
 * The one road of all uplink of this instance: what has arrived in its partitions is taken as one group,
 * parsed while the group before is being stored, stored, and acknowledged batch by batch. No group is
 * published before all of the one before is stored, so a message that has to be published again is not
 * overtaken. The partitions share the road because most of what a small group costs is waking up for it.
 */
export class UplinkPipeline {
  readonly #consumers = new Set<UplinkConsumer>();
  #arrival = Promise.withResolvers<void>();
  #lastTakenAt = 0;
  #isRunning = false;

  constructor(
    private readonly steps: GroupSteps,
    private readonly limits: GroupLimits,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {}

  add(consumer: UplinkConsumer): void {
    this.#consumers.add(consumer);
    consumer.onArrival(() => this.#arrival.resolve());
    if (!this.#isRunning) void this.#run();
  }

  remove(consumer: UplinkConsumer): void {
    this.#consumers.delete(consumer);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let storing: Promise<void> = Promise.resolve();
    while (this.#consumers.size > 0) {
      const group = await this.#nextGroup();
      const messages = await this.#parse(group);
      await storing;
      storing = this.#store(group, messages);
    }
    this.#isRunning = false;
  }

  async #nextGroup(): Promise<ReceivedBatch[]> {
    while (this.#consumers.size > 0 && !this.#anyHasBatches()) {
      await this.#arrival.promise;
      this.#arrival = Promise.withResolvers();
    }
    if (this.limits.lingerMs > 0 && performance.now() - this.#lastTakenAt < DENSE_MS) {
      await delay(this.limits.lingerMs);
    }
    this.#lastTakenAt = performance.now();
    return this.#collect();
  }

  /** One batch of each partition in turn, up to the limits. */
  #collect(): ReceivedBatch[] {
    const group: ReceivedBatch[] = [];
    let room = this.limits.messages;
    for (let found = true; found && group.length < this.limits.batches;) {
      found = false;
      for (const consumer of this.#consumers) {
        if (group.length >= this.limits.batches) break;
        const received = consumer.take(group.length === 0 ? Number.POSITIVE_INFINITY : room);
        if (received === undefined) continue;
        found = true;
        room -= received.batch.messages.length;
        group.push(received);
      }
    }
    return group;
  }

  #anyHasBatches(): boolean {
    for (const consumer of this.#consumers) if (consumer.hasBatches) return true;
    return false;
  }

  async #parse(group: readonly ReceivedBatch[]): Promise<readonly ParsedMessage[] | undefined> {
    try {
      const messages = this.steps.publisher.withoutTooLarge(await this.steps.parser.parse(group));
      this.steps.watch.copy(messages);
      return messages;
    } catch (error) {
      this.logger.error({ err: error }, 'a group of uplink batches could not be parsed');
      return undefined;
    }
  }

  /** Never rejects: what goes wrong here is delivered once more. */
  async #store(
    group: readonly ReceivedBatch[],
    messages: readonly ParsedMessage[] | undefined,
  ): Promise<void> {
    try {
      if (messages === undefined) {
        for (const received of group) received.consumer.fail(received);
        return;
      }
      const refused = await this.steps.publisher.storeAll(messages);
      for (const received of group) received.consumer.done(received);
      this.#count(messages, refused);
      this.steps.watch.copy(refused);
    } catch (error) {
      this.logger.error({ err: error }, 'a group of uplink batches could not be stored');
      for (const received of group) received.consumer.fail(received);
    }
  }

  #count(messages: readonly ParsedMessage[], refused: readonly ParsedMessage[]): void {
    const refusedIds = new Set(refused.map(({ messageId }) => messageId));
    for (const { messageId, result } of messages) {
      this.metrics.messages.add(refusedIds.has(messageId) ? 'failed' : result.outcome);
    }
  }
}
