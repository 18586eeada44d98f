import { setTimeout as wait } from 'node:timers/promises';

/** Growing pauses between attempts, each up to a quarter longer by chance so that instances do not march in step. */
export class BackOff {
  #attempts = 0;

  constructor(
    private readonly firstMs = 250,
    private readonly maxMs = 10_000,
  ) {}

  /** Attempts that failed since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  succeeded(): void {
    this.#attempts = 0;
  }

  /** Resolves when the next attempt may begin, or at once when `signal` aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    const pauseMs = Math.min(this.maxMs, this.firstMs * 2 ** Math.min(this.#attempts, 16));
    this.#attempts += 1;
    await pauseUnlessAborted(pauseMs * (1 + Math.random() / 4), signal);
  }
}

/** Waits, or returns early when `signal` aborts. */
export async function pauseUnlessAborted(forMs: number, signal: AbortSignal): Promise<void> {
  await wait(forMs, undefined, { signal }).catch(() => undefined);
}
