import { setTimeout as sleep } from 'node:timers/promises';
import { RestartBackoff } from './restart-backoff.ts';

export interface RunningProcess {
  readonly pid: number;
  /** Resolves with how it ended. */
  ended(): Promise<string>;
  stop(): Promise<void>;
}

export interface SupervisedOptions<P extends RunningProcess> {
  readonly name: string;
  readonly start: () => Promise<P>;
  /** A process of it runs now: the first one, and each after a restart. */
  readonly onStarted: (pid: number) => void;
  readonly onDied: (how: string, retryInMs: number) => void;
}

/** A process that is started again whenever it ends by itself. */
export class Supervised<P extends RunningProcess = RunningProcess> {
  readonly #stopping = new AbortController();
  readonly #backoff = new RestartBackoff();
  readonly #watching: Promise<void>;
  #process: P;

  private constructor(
    private readonly options: SupervisedOptions<P>,
    first: P,
  ) {
    this.#process = first;
    this.#watching = this.#watch();
  }

  /** The first start is not tried again: what is wrong then is wrong with the installation. */
  static async start<P extends RunningProcess>(options: SupervisedOptions<P>): Promise<Supervised<P>> {
    const first = await options.start();
    options.onStarted(first.pid);
    return new Supervised(options, first);
  }

  /** The one that runs now, or ran last. */
  get process(): P {
    return this.#process;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process.stop();
    await this.#watching;
    // It may have been on its way up meanwhile.
    await this.#process.stop();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    let startedAt = performance.now();
    let how = await this.#process.ended();
    while (!signal.aborted) {
      const waitMs = this.#backoff.next(performance.now() - startedAt);
      this.options.onDied(how, waitMs);
      try {
        await sleep(waitMs, undefined, { signal });
        startedAt = performance.now();
        this.#process = await this.options.start();
      } catch (error) {
        how = error instanceof Error ? error.message : String(error);
        continue;
      }
      this.options.onStarted(this.#process.pid);
      how = await this.#process.ended();
    }
  }
}
