import { AdmissionQueueFull, ClientGone } from './admission.failures.ts';
import type { Patience } from './client-turns.ts';
import { AdmissionWaitTimedOut } from './connect-limits.failures.ts';

interface Waiting {
  readonly patience: Patience;
  readonly start: () => void;
  readonly refuse: (failure: Error) => void;
}

/** How often it is looked who waits too long or has left. */
const SWEEP_MS = 250;
const STUCK_MS = 1_000;

/**
 * Lets so many admissions run at one time and so many more wait, first come first served. A reconnect storm
 * reaches auth as a steady stream; what is too much is told so at once, the newest first.
 */
export class AdmissionQueue {
  #waiting: Waiting[] = [];
  #running = 0;
  /** When the last one was done, as performance.now(). */
  #doneAt = performance.now();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(
    readonly concurrency: number,
    readonly maxWaiting: number,
  ) {}

  get length(): number {
    return this.#waiting.length;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Some wait, and of those before them none was done for a while. */
  get isStuck(): boolean {
    return this.#waiting.length > 0 && performance.now() - this.#doneAt > STUCK_MS;
  }

  /** @throws {AdmissionQueueFull | AdmissionWaitTimedOut | ClientGone} before `admit` was called */
  async run<T>(patience: Patience, admit: () => Promise<T>): Promise<T> {
    if (this.#running >= this.concurrency) await this.#turn(patience);
    else this.#running += 1;
    try {
      return await admit();
    } finally {
      this.#doneAt = performance.now();
      this.#next();
    }
  }

  #turn(patience: Patience): Promise<void> {
    if (this.#waiting.length >= this.maxWaiting) this.#sweep();
    if (this.#waiting.length >= this.maxWaiting) throw new AdmissionQueueFull(this.#waiting.length);
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ patience, start: resolve, refuse: reject });
    });
  }

  /** Hands the place over, so that nobody can come in between. */
  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const failure = impatience(next.patience);
      if (failure === undefined) {
        next.start();
        return;
      }
      next.refuse(failure);
    }
    this.#running -= 1;
    this.#rest();
  }

  #sweep(): void {
    this.#waiting = this.#waiting.filter(({ patience, refuse }) => {
      const failure = impatience(patience);
      if (failure !== undefined) refuse(failure);
      return failure === undefined;
    });
    this.#rest();
  }

  #rest(): void {
    if (this.#waiting.length > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

function impatience({ isWaiting, deadline }: Patience): Error | undefined {
  if (!isWaiting()) return new ClientGone();
  return performance.now() > deadline ? new AdmissionWaitTimedOut() : undefined;
}
