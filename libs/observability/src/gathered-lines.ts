import { symbols, type DestinationStream } from 'pino';

/** Of pino. */
const WARN = 40;

/** How long a line of the levels below `warn` may wait for others, in milliseconds. */
const GATHER_MS = 20;

/** Characters that are not held back any longer. */
const MOST_GATHERED = 64 * 1_024;

/**
 * Writes the lines of a busy process together: a line by itself costs a system call, and wakes up whoever
 * reads the log. A warning or anything worse goes out at once, after all that was said before it, and what is
 * left goes out when the process exits; so only one that is killed or aborts loses up to 20 ms of lesser lines.
 */
export class GatheredLines implements DestinationStream {
  /** Has pino tell the level of each line, in `lastLevel`. */
  readonly [symbols.needsMetadataGsym] = true;
  lastLevel = 0;
  readonly #output: DestinationStream;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;
  readonly #flush = (): void => this.flush();

  constructor(output: DestinationStream) {
    this.#output = output;
    process.on('exit', this.#flush);
  }

  write(line: string): void {
    this.#lines += line;
    if (this.lastLevel >= WARN || this.#lines.length > MOST_GATHERED) this.flush();
    else this.#timer ??= setTimeout(this.#flush, GATHER_MS).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = '';
    if (lines !== '') this.#output.write(lines);
  }
}
