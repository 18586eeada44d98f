import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TriedMessage, TrialOrder, TrialReport } from './trial-order.ts';

export interface TrialProcessLimits {
  /** Processes, and so trials, at once. */
  readonly processes: number;
  readonly timeoutMs: number;
}

const FILE = fileURLToPath(new URL('./trial-process.js', import.meta.url));
/** Heap of the process itself; isolates have their own limits. */
const HEAP_MB = 128;
/** Node's own: neither network, nor processes, nor threads, nor a file to write. */
const PERMISSIONS = ['--permission', '--allow-addons', '--allow-fs-read=*'];
/** A process that has nothing to do is kept for so long: the next trial is quicker. */
const IDLE_MS = 60_000;

/** How a trial ended: unless it is `done` some of the messages may not have been tried. */
export interface TrialEnding {
  readonly messages: readonly TriedMessage[];
  readonly ending: 'done' | 'given up' | 'timed out' | 'broken';
}

/**
 * Runs trials in processes of their own, one at a time in each: a script that cannot be ended, or that brings its
 * process down, costs that process and nothing else. They have neither environment nor connections,
 * and may open none.
 */
export class TrialProcesses {
  readonly #idle = new Map<ChildProcess, NodeJS.Timeout>();
  readonly #busy = new Set<ChildProcess>();

  constructor(private readonly limits: TrialProcessLimits) {}

  end(): void {
    for (const child of [...this.#idle.keys(), ...this.#busy]) this.#kill(child);
  }

  /** @returns undefined when as many as may be at once are at work */
  async run(order: TrialOrder): Promise<TrialEnding | undefined> {
    if (this.#busy.size >= this.limits.processes) return undefined;
    const child = this.#takeIdle() ?? this.#start();
    this.#busy.add(child);
    const messages: TriedMessage[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<TrialEnding['ending']>();
    const heard = (report: TrialReport): void => {
      if (report.kind === 'tried') messages.push(report.message);
      else end(report.ending);
    };
    child.on('message', heard);
    const broken = (): void => end('broken');
    child.once('exit', broken);
    const timer = setTimeout(() => end('timed out'), this.limits.timeoutMs);
    child.send(order, (error) => {
      if (error !== null) end('broken');
    });
    const ending = await ended;
    clearTimeout(timer);
    child.off('message', heard).off('exit', broken);
    this.#busy.delete(child);
    // What was given up may hold an isolate that cannot be ended.
    if (ending === 'done') this.#rest(child);
    else this.#kill(child);
    return { messages, ending };
  }

  #start(): ChildProcess {
    const child = fork(FILE, {
      env: {},
      execArgv: [`--max-old-space-size=${HEAP_MB}`, ...PERMISSIONS],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // Somebody waits for whoever is at work; a process that rests must not keep the service from ending.
    child.unref();
    child.channel?.unref();
    child.on('error', () => undefined);
    void once(child, 'exit').then(
      () => {
        clearTimeout(this.#idle.get(child));
        this.#idle.delete(child);
      },
      () => undefined,
    );
    return child;
  }

  #takeIdle(): ChildProcess | undefined {
    for (const [child, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(child);
      if (child.connected) return child;
    }
    return undefined;
  }

  #rest(child: ChildProcess): void {
    const timer = setTimeout(() => this.#kill(child), IDLE_MS);
    timer.unref();
    this.#idle.set(child, timer);
  }

  #kill(child: ChildProcess): void {
    clearTimeout(this.#idle.get(child));
    this.#idle.delete(child);
    child.kill('SIGKILL');
  }
}
