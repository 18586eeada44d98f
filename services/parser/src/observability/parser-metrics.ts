import { CountedByLabel, CountedTotal, observedGauge } from '@gatehouse/observability';

export type MessageOutcome = 'passed' | 'parsed' | 'failed';

/** What the parser counts; services/parser/README.md explains each. */
export class ParserMetrics {
  readonly messages = new CountedByLabel<MessageOutcome>(
    'gatehouse.parser.messages',
    'device messages done with: passed on unchanged, parsed, or failed and dropped',
    'outcome',
  );
  readonly failures = new CountedByLabel<string>(
    'gatehouse.parser.script_failures',
    'messages that their script could not parse or the stream will never take, by code',
    'code',
  );
  readonly throttled = new CountedByLabel<'device' | 'script' | 'product'>(
    'gatehouse.parser.throttled',
    'messages that failed untried (26010), by who was throttled',
    'who',
  );
  readonly keptAside = new CountedTotal(
    'gatehouse.parser.kept_aside',
    'failed messages stored in the stream PARSING_FAILURES',
  );
  readonly notKeptAside = new CountedTotal(
    'gatehouse.parser.not_kept_aside',
    'failed messages that even the stream PARSING_FAILURES does not take',
  );
  readonly retried = new CountedByLabel<'parsed' | 'failed'>(
    'gatehouse.parser.retried',
    'failed messages that were parsed again on request: parsed now, or failed again',
    'outcome',
  );
  readonly batches = new CountedByLabel<'done' | 'malformed'>(
    'gatehouse.parser.batches',
    'uplink batches taken out of the stream',
    'outcome',
  );
  readonly publishRetries = new CountedTotal(
    'gatehouse.parser.publish_retries',
    'messages published once more because nobody confirmed them',
  );
  readonly scriptCpuSeconds = new CountedTotal(
    'gatehouse.parser.script_cpu_seconds',
    'CPU time spent in scripts',
  );
  readonly watchedSkipped = new CountedTotal(
    'gatehouse.parser.watched_skipped',
    'copies that watchers did not get: too many in one second, too large, or malformed',
  );
  readonly samples = new CountedTotal('gatehouse.parser.samples', 'raw messages kept for trials of scripts');
  readonly trials = new CountedByLabel<'done' | 'refused' | 'given up' | 'timed out' | 'broken'>(
    'gatehouse.parser.trials',
    'trials of scripts: done, refused because too many ran, given up because the script broke again and again, or timed out, or broken with their process',
    'outcome',
  );
  readonly isolatesLost = new CountedTotal(
    'gatehouse.parser.isolates_lost',
    'scripts that could not be ended; the process restarts after each',
  );
  /** Batches that wait in the stream, by partition, as the last delivery told. */
  readonly #waiting = new Map<number, number>();
  /** Since when its oldest batch has waited, by partition, in milliseconds since 1970; undefined when none does. */
  readonly #oldest = new Map<number, () => number | undefined>();

  constructor() {
    observedGauge(
      'gatehouse.parser.partitions',
      'uplink partitions that this instance owns',
      () => this.#waiting.size,
    );
    observedGauge(
      'gatehouse.parser.batches_waiting',
      'uplink batches not yet taken, in owned partitions',
      () => [...this.#waiting.values()].reduce((sum, each) => sum + each, 0),
    );
    observedGauge(
      'gatehouse.parser.lag_seconds',
      'seconds that the oldest uplink batch not yet done with has waited, in owned partitions',
      () => this.lagSeconds(),
    );
  }

  /** How long the oldest batch that is not done with has been in UPLINK, in owned partitions; 0 without one. */
  lagSeconds(now = Date.now()): number {
    const oldest = Math.min(...Array.from(this.#oldest.values(), (since) => since() ?? now), now);
    return (now - oldest) / 1_000;
  }

  /** @param oldestSince milliseconds since 1970 */
  lagOf(partition: number, oldestSince: () => number | undefined): void {
    this.#oldest.set(partition, oldestSince);
  }

  batchesWaiting(partition: number, count: number): void {
    this.#waiting.set(partition, count);
  }

  partitionLeft(partition: number): void {
    this.#waiting.delete(partition);
    this.#oldest.delete(partition);
  }
}
