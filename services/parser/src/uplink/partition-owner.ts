import { isNatsOutage } from '@gatehouse/nats';
import { reasonOf } from '@gatehouse/observability';
import { redeliveryDelayMs, retryDelayMs, wait } from './retry-delay.ts';
import { UplinkConsumer, type UplinkConsumerContext } from './uplink-consumer.ts';
import type { UplinkPipeline } from './uplink-pipeline.ts';

/**
 * Feeds the batches of one partition into the pipeline for as long as its lease holds, and opens the consumer
 * again whenever it had to end, but not before what it handed out is done with.
 */
export class PartitionOwner {
  readonly #ended: Promise<void>;
  readonly #abort = new AbortController();
  #consumer: UplinkConsumer | undefined;
  #isFinishing = false;

  constructor(
    readonly partition: number,
    private readonly pipeline: UplinkPipeline,
    private readonly context: UplinkConsumerContext,
  ) {
    context.metrics.batchesWaiting(partition, 0);
    this.#ended = this.#run();
  }

  /** Takes nothing more; resolves when what is in hand is stored and acknowledged. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#consumer?.end();
    this.#abort.abort();
    await this.#ended;
  }

  /** Stops at once: the partition may have another owner, who publishes what is in hand here. */
  abandon(): void {
    this.#isFinishing = true;
    this.#consumer?.abandon();
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { connection, metrics, logger } = this.context;
    const { signal } = this.#abort;
    let failedRuns = 0;
    for (let failures = 0; !this.#isFinishing;) {
      try {
        await connection.up(signal);
        await using consumer = await UplinkConsumer.open(this.partition, this.context);
        if (this.#isFinishing) break;
        this.#consumer = consumer;
        metrics.lagOf(this.partition, () => consumer.oldestSince);
        await this.#feed(consumer);
        failures = 0;
        if (consumer.hasDone) failedRuns = 0;
        if (!consumer.hasFailed) continue;
        // Most likely it will fail again: it must not keep the instance busy with nothing else.
        await wait(redeliveryDelayMs(failedRuns), signal).catch(() => undefined);
        failedRuns += 1;
      } catch (error) {
        if (this.#isFinishing) break;
        logger[failures === 0 ? 'warn' : 'debug'](
          {
            ...(isNatsOutage(error) ? { reason: reasonOf(error) } : { err: error }),
            partition: this.partition,
          },
          'uplink work interrupted; it is tried again',
        );
        await wait(retryDelayMs(failures), signal).catch(() => undefined);
        failures += 1;
      }
    }
    metrics.partitionLeft(this.partition);
  }

  async #feed(consumer: UplinkConsumer): Promise<void> {
    this.pipeline.add(consumer);
    await consumer.ended;
    this.pipeline.remove(consumer);
    await consumer.drained;
  }
}
