import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ServerDidNotStart } from './local-servers.failures.ts';

export interface ChildServerOptions {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly spawn?: SpawnOptions;
  /** Whether this line of its output says that it is ready. */
  readonly isReadyLine: (line: string) => boolean;
  readonly readyTimeoutMs: number;
  readonly stopSignal: NodeJS.Signals;
  /** Every line of its output. */
  readonly onLine?: (line: string) => void;
}

const KEPT_LINES = 20;
const STOP_TIMEOUT_MS = 10_000;

/** A server that runs as a child process until it is disposed of. */
export class ChildServer {
  readonly #child: ChildProcess;
  readonly #stopSignal: NodeJS.Signals;

  private constructor(child: ChildProcess, stopSignal: NodeJS.Signals) {
    this.#child = child;
    this.#stopSignal = stopSignal;
  }

  /** @throws {ServerDidNotStart} with the last lines that it wrote */
  static async start(options: ChildServerOptions): Promise<ChildServer> {
    const child = spawn(options.command, [...options.arguments], {
      ...options.spawn,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ChildServer(child, options.stopSignal);
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void =>
        reject(new ServerDidNotStart(options.name, [reason, ...lines].join('\n  ')));
      const timer = setTimeout(
        () => fail(`not ready within ${options.readyTimeoutMs} ms`),
        options.readyTimeoutMs,
      );
      const onLine = (line: string): void => {
        options.onLine?.(line);
        lines.push(line);
        if (lines.length > KEPT_LINES) lines.shift();
        if (options.isReadyLine(line)) {
          clearTimeout(timer);
          resolve();
        }
      };
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', onLine);
      }
      child.once('error', (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        fail(`it ended with ${signal ?? `code ${code}`}`);
      });
    }).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when the process has ended, for whatever reason. */
  async ended(): Promise<void> {
    if (!this.#hasEnded) await once(this.#child, 'close');
  }

  async stop(): Promise<void> {
    if (this.#hasEnded || this.#child.pid === undefined) return;
    const ended = once(this.#child, 'close');
    this.#child.kill(this.#stopSignal);
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
