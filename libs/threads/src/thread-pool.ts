import { Worker } from 'node:worker_threads';

export interface ThreadPoolLimits {
  readonly threads: number;
  /** Orders that wait for a thread; beyond that they are turned away. */
  readonly maxWaiting: number;
  /** Of one order, from when a thread has it; a thread that takes longer is replaced. */
  readonly timeoutMs: number;
  /** Of one thread; one that needs more ends, and is replaced. */
  readonly maxHeapMib: number;
  /** Of one thread; Node's default, 4, when it is left out. */
  readonly maxStackMib?: number;
}

export type ThreadOutcome<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  /** Too many wait already. */
  | { readonly outcome: 'busy' }
  /** For people: the thread took too long, or ended. */
  | { readonly outcome: 'failed'; readonly reason: string };

type Ended = Exclude<ThreadOutcome<never>, { outcome: 'busy' }>;

/**
 * Threads for work that would hold the event loop up: each does one order at a time, the others wait in line. A
 * thread that fails or hangs costs the order that it had, and a new one takes its place.
 *
 * The file of the threads calls serveThread(). What goes to and fro is copied (structured clone).
 */
export class ThreadPool<Order, Result> {
  readonly #idle: Worker[] = [];
  readonly #line: (() => void)[] = [];
  #free: number;
  #isClosed = false;

  constructor(
    private readonly file: URL,
    private readonly limits: ThreadPoolLimits,
  ) {
    this.#free = limits.threads;
  }

  /** Orders that wait for a thread. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Starts the threads now: the first orders need not wait for that. */
  start(): void {
    while (this.#idle.length < this.#free) this.#idle.push(this.#startThread());
  }

  /** Never rejects. */
  async run(order: Order): Promise<ThreadOutcome<Result>> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#line.length >= this.limits.maxWaiting) return { outcome: 'busy' };
    else await new Promise<void>((turn) => void this.#line.push(turn));
    const outcome = this.#isClosed ? failed('it was closed') : await this.#runNow(order);
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next();
    return outcome;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((thread) => thread.terminate()));
  }

  async #runNow(order: Order): Promise<ThreadOutcome<Result>> {
    const thread = this.#idle.pop() ?? this.#startThread();
    const { promise, resolve } = Promise.withResolvers<ThreadOutcome<Result>>();
    const { timeoutMs } = this.limits;
    const onMessage = (result: Result): void => resolve({ outcome: 'done', result });
    const onError = (error: unknown): void => resolve(failed(String(error)));
    const onExit = (code: number): void => resolve(failed(`its thread ended with code ${code}`));
    const timer = setTimeout(() => resolve(failed(`it took more than ${timeoutMs} ms`)), timeoutMs);
    thread.once('message', onMessage).once('error', onError).once('exit', onExit);
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      thread.postMessage(order);
    } catch (error) {
      resolve(failed(String(error)));
    }
    const outcome = await promise;
    clearTimeout(timer);
    thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    if (outcome.outcome === 'done' && !this.#isClosed) this.#idle.push(thread);
    else await thread.terminate();
    return outcome;
  }

  #startThread(): Worker {
    const thread = new Worker(this.file, {
      // Neither telemetry nor the conditions of a test runner: it reads bytes and knows nobody.
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: this.limits.maxHeapMib,
        ...(this.limits.maxStackMib !== undefined && { stackSizeMb: this.limits.maxStackMib }),
      },
    });
    thread.unref();
    // It may end with an error that nobody waits for; whoever does has a listener too.
    thread.on('error', () => this.#forget(thread)).on('exit', () => this.#forget(thread));
    return thread;
  }

  #forget(thread: Worker): void {
    const at = this.#idle.indexOf(thread);
    if (at !== -1) this.#idle.splice(at, 1);
  }
}

function failed(reason: string): Ended {
  return { outcome: 'failed', reason };
}
