import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithUs } from './guardian.ts';

export interface ManagedProcessOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly spawn?: Pick<SpawnOptions, 'cwd' | 'env'>;
  /** What asks it to stop in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** Every line of its output, of both streams. */
  readonly onLine?: (line: string) => void;
}

const KEPT_LINES = 20;
const STOP_TIMEOUT_MS = 10_000;

/**
 * A child process that ends with us. It runs in a process group of its own: a Ctrl-C on the terminal
 * reaches us alone, so that we can stop our children in order.
 */
export class ManagedProcess {
  readonly #child: ChildProcess;
  readonly #stopSignal: NodeJS.Signals;
  readonly #lastLines: string[] = [];
  #ending: string | undefined;

  private constructor(child: ChildProcess, stopSignal: NodeJS.Signals) {
    this.#child = child;
    this.#stopSignal = stopSignal;
  }

  /** @throws {Error} of the system when the program cannot be run */
  static async start(options: ManagedProcessOptions): Promise<ManagedProcess> {
    const child = spawn(options.command, [...options.arguments], {
      ...options.spawn,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const managed = new ManagedProcess(child, options.stopSignal);
    managed.#readLines(options.onLine);
    child.once('close', (code, signal) => {
      managed.#ending = signal ?? `code ${code}`;
    });
    await once(child, 'spawn');
    const forget = endWithUs(managed.pid, options.stopSignal);
    child.once('exit', forget);
    child.on('error', () => undefined);
    return managed;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The end of what it wrote, for messages about its failure. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Resolves when it has ended, with how: a signal's name or `code <number>`. */
  async ended(): Promise<string> {
    if (this.#ending === undefined) await once(this.#child, 'close');
    return this.#ending ?? 'code 0';
  }

  /** Asks it to stop, and after `timeoutMs` does not ask any more. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    if (this.#ending !== undefined) return;
    this.#child.kill(this.#stopSignal);
    const late = setTimeout(() => this.kill(), timeoutMs);
    await this.ended();
    clearTimeout(late);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #readLines(onLine: ((line: string) => void) | undefined): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
        onLine?.(line);
      });
    }
  }
}
