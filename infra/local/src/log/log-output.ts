import type { Writable } from 'node:stream';

/** What may wait for a reader that does not read; then log lines are dropped, and counted. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const FLUSH_TIMEOUT_MS = 1_000;

/** Our standard output: what all processes say, together. A reader that is slow or gone stops nobody. */
export class LogOutput {
  #dropped = 0;
  #isGone = false;

  constructor(private readonly stream: Writable & { readonly isTTY?: boolean }) {
    stream.on('error', () => {
      this.#isGone = true;
    });
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  /** @param text lines without the last line end */
  write(text: string): void {
    if (this.#isGone) return;
    if (this.stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.stream.write(`${dropped} lines of the log were dropped because nobody read them\n`);
    }
    this.stream.write(`${text}\n`);
  }

  /** Resolves when all is written, or nobody reads it in time. */
  async flush(): Promise<void> {
    if (this.#isGone) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, FLUSH_TIMEOUT_MS);
      this.stream.write('', () => {
        clearTimeout(late);
        resolve();
      });
    });
  }
}
