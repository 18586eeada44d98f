/** Times of single operations in milliseconds. */
export class Latencies {
  readonly #all: number[] = [];

  async measure<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    this.#all.push(performance.now() - startedAt);
    return result;
  }

  /** @param share 0.5 is the median */
  percentile(share: number): number {
    return percentileOf(this.#all, share);
  }

  /** `1.2, 3.4`: median and 99th percentile. */
  get text(): string {
    return `${this.percentile(0.5).toFixed(1)}, ${this.percentile(0.99).toFixed(1)}`;
  }
}

/** @param share 0.5 is the median */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
