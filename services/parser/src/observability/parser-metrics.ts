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
  readonly isolatesLost = new CountedTotal(
    'gatehouse.parser.isolates_lost',
    'scripts that could not be ended; the process restarts after each',
  );
  /** Batches that wait in the stream, by partition, as the last delivery told. */
  readonly #waiting = new Map<number, number>();

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
  }

  batchesWaiting(partition: number, count: number): void {
    this.#waiting.set(partition, count);
  }

  partitionLeft(partition: number): void {
    this.#waiting.delete(partition);
  }
}
