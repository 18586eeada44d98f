import { AdmissionQueueFull, ClientGone } from './admission.failures.ts';

interface Waiting {
  readonly isWaiting: () => boolean;
  readonly start: () => void;
  readonly leave: () => void;
}

/**
 * Lets so many admissions run at one time and so many more wait, first come first served. A reconnect storm
 * reaches auth as a steady stream, and what is too much is told so at once.
 */
export class AdmissionQueue {
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor(
    readonly concurrency: number,
    readonly maxWaiting: number,
  ) {}

  get length(): number {
    return this.#waiting.length;
  }

  /**
   * @param isWaiting asked when its turn has come: who has left loses it
   * @throws {AdmissionQueueFull | ClientGone} before `admit` was called
   */
  async run<T>(isWaiting: () => boolean, admit: () => Promise<T>): Promise<T> {
    if (this.#running >= this.concurrency) await this.#turn(isWaiting);
    else this.#running += 1;
    try {
      return await admit();
    } finally {
      this.#next();
    }
  }

  #turn(isWaiting: () => boolean): Promise<void> {
    if (this.#waiting.length >= this.maxWaiting) throw new AdmissionQueueFull(this.#waiting.length);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ isWaiting, start: resolve, leave: () => reject(new ClientGone()) });
    });
  }

  /** Hands the place over, so that nobody can come in between. */
  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.isWaiting()) {
        next.start();
        return;
      }
      next.leave();
    }
    this.#running -= 1;
  }
}
