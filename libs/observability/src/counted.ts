import { metrics, type Attributes, type Histogram } from '@opentelemetry/api';

/**
 * A counter for hot paths: adding is an increment of a number, and the metric reads the numbers when it is
 * collected.
 */
export class CountedTotal {
  #total = 0;

  constructor(name: string, description: string, attributes: Attributes = {}) {
    metrics
      .getMeter('gatehouse')
      .createObservableCounter(name, { description })
      .addCallback((result) => result.observe(this.#total, attributes));
  }

  add(amount = 1): void {
    this.#total += amount;
  }

  get total(): number {
    return this.#total;
  }
}

/** Counts by one label with few values, such as the reason of a drop. */
export class CountedByLabel<Label extends string> {
  readonly #totals = new Map<Label, number>();

  constructor(
    name: string,
    description: string,
    readonly label: string,
  ) {
    metrics
      .getMeter('gatehouse')
      .createObservableCounter(name, { description })
      .addCallback((result) => {
        for (const [value, total] of this.#totals) result.observe(total, { [this.label]: value });
      });
  }

  add(value: Label, amount = 1): void {
    this.#totals.set(value, this.of(value) + amount);
  }

  of(value: Label): number {
    return this.#totals.get(value) ?? 0;
  }
}

/** A value that is read when metrics are collected. */
export function observedGauge(name: string, description: string, read: () => number): void {
  metrics
    .getMeter('gatehouse')
    .createObservableGauge(name, { description })
    .addCallback((result) => result.observe(read()));
}

/** Values that are read when metrics are collected, each with its labels; whoever reads bounds their number. */
export function labelledGauge(
  name: string,
  description: string,
  read: () => Iterable<{ readonly value: number; readonly attributes: Attributes }>,
): void {
  metrics
    .getMeter('gatehouse')
    .createObservableGauge(name, { description })
    .addCallback((result) => {
      for (const { value, attributes } of read()) result.observe(value, attributes);
    });
}

/** Gauges of things that are listed when metrics are collected, each thing with its label; whoever lists bounds them. */
export function gaugesBy<Thing>(
  label: string,
  list: () => Iterable<readonly [labelValue: string, thing: Thing]>,
): (name: string, description: string, read: (thing: Thing) => number) => void {
  return (name, description, read) =>
    labelledGauge(name, description, () =>
      Array.from(list(), ([value, thing]) => ({ value: read(thing), attributes: { [label]: value } })),
    );
}

/** Durations in seconds; `name` ends in `_seconds`. */
export function secondsHistogram(
  name: string,
  description: string,
  boundaries: readonly number[],
): Pick<Histogram, 'record'> {
  return metrics.getMeter('gatehouse').createHistogram(name, {
    description,
    unit: 's',
    advice: { explicitBucketBoundaries: [...boundaries] },
  });
}
