import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { RunControl } from '../script/script-sandbox.ts';
import type { MessageSamples } from '../samples/message-samples.ts';
import type { ProductWatch } from '../watch/product-watch.ts';
import type { MessageParser } from './message-parser.ts';
import type { MessagePublisher } from './message-publisher.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { ProductLanes } from './product-lanes.ts';
import type { ParsedBatches } from './product-lane.ts';
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
  readonly samples: MessageSamples;
  readonly publisher: MessagePublisher;
}

/** Two groups within this time of each other are dense traffic. */
const DENSE_MS = 50;

/**
 * The road of all uplink of this instance: what has arrived in its partitions is taken as one group, parsed in a
 * lane of each product, and what the lanes have done is stored as one group and acknowledged batch by batch. No
 * group is published before all of the one before is stored, so a message that has to be published again is not
 * overtaken. The partitions share the road because most of what a small group costs is waking up for it; a
 * product whose script is slow is not waited for.
 */
export class UplinkPipeline {
  readonly #consumers = new Set<UplinkConsumer>();
  readonly #lanes: ProductLanes;
  #parsed: ParsedBatches[] = [];
  #news = Promise.withResolvers<void>();
  #storing: Promise<void> = Promise.resolve();
  #lastTakenAt = 0;
  #isRunning = false;

  constructor(
    private readonly steps: GroupSteps,
    private readonly limits: GroupLimits,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {
    this.#lanes = new ProductLanes(limits.messages, {
      parse: (...portion) => this.#parse(...portion),
      onParsed: (parsed) => this.#parsed.push(parsed),
      onProgress: () => this.#news.resolve(),
    });
  }

  add(consumer: UplinkConsumer): void {
    this.#consumers.add(consumer);
    consumer.onArrival(() => this.#news.resolve());
    if (!this.#isRunning) void this.#run();
  }

  remove(consumer: UplinkConsumer): void {
    this.#consumers.delete(consumer);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#consumers.size > 0 || this.#lanes.held > 0 || this.#parsed.length > 0) {
      await this.#somethingToDo();
      if (this.#canTake()) await this.#take();
      if (this.#parsed.length === 0) continue;
      await this.#storing;
      this.#storing = this.#store(this.#parsed.splice(0));
    }
    this.#isRunning = false;
  }

  #canTake(): boolean {
    return this.#lanes.room > 0 && this.#anyHasBatches();
  }

  async #somethingToDo(): Promise<void> {
    while (
      this.#parsed.length === 0 &&
      !this.#canTake() &&
      (this.#consumers.size > 0 || this.#lanes.held > 0)
    ) {
      const { promise } = this.#news;
      await (this.#lanes.room > 0 ? promise : Promise.race([promise, this.#lanes.makeRoom()]));
      this.#news = Promise.withResolvers();
    }
  }

  /** Takes a group and hands it to the lanes; returns when those that are prompt have done it. */
  async #take(): Promise<void> {
    if (this.limits.lingerMs > 0 && performance.now() - this.#lastTakenAt < DENSE_MS) {
      await delay(this.limits.lingerMs);
    }
    this.#lastTakenAt = performance.now();
    await this.#lanes.add(this.#collect(Math.min(this.limits.batches, this.#lanes.room)));
  }

  /** One batch of each partition in turn, up to the limits. */
  #collect(maxBatches: number): ReceivedBatch[] {
    const group: ReceivedBatch[] = [];
    let room = this.limits.messages;
    for (let found = true; found && group.length < maxBatches;) {
      found = false;
      for (const consumer of this.#consumers) {
        if (group.length >= maxBatches) break;
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

  /** Never rejects: what goes wrong here is delivered once more. */
  async #parse(
    productKey: string,
    batches: readonly ReceivedBatch[],
    control: RunControl,
  ): Promise<readonly ParsedMessage[] | undefined> {
    try {
      const parsed = await this.steps.parser.parse(productKey, batches, control);
      const messages = this.steps.publisher.withoutTooLarge(parsed);
      this.steps.watch.copy(messages);
      this.steps.samples.keep(messages);
      return messages;
    } catch (error) {
      this.logger.error({ err: error, productKey }, 'a group of uplink batches could not be parsed');
      return undefined;
    }
  }

  /** Never rejects: what goes wrong here is delivered once more. */
  async #store(parsed: readonly ParsedBatches[]): Promise<void> {
    const group: ReceivedBatch[] = [];
    const messages: ParsedMessage[] = [];
    for (const each of parsed) {
      // Behind one that failed, it waits for its turn to be delivered again.
      if (each.batches.some(({ consumer }) => consumer.hasFailed)) {
        for (const received of each.batches) received.consumer.fail(received);
        continue;
      }
      group.push(...each.batches);
      messages.push(...each.messages);
    }
    try {
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
