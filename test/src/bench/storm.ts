import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { StormOptions, StormProgress, StormRequest } from './storm-devices.ts';

/** What all devices of a storm have seen; times in milliseconds. */
export type StormFigures = Omit<StormProgress, 'type'>;

const PROCESSES = 2;
const POLL_MS = 250;

/** Devices that connect at once, in a few processes: thousands of them need no process each. */
export class Storm implements AsyncDisposable {
  readonly #children: readonly ChildProcess[];
  readonly #latest = new Map<ChildProcess, StormProgress>();

  private constructor(private readonly options: StormOptions) {
    this.#children = Array.from({ length: PROCESSES }, () =>
      fork(new URL('storm-devices.js', import.meta.url)),
    );
    for (const [index, child] of this.#children.entries()) {
      child.on('message', (progress: StormProgress) => this.#latest.set(child, progress));
      const devices = options.devices.filter((_, each) => each % PROCESSES === index);
      child.send({ type: 'storm', options: { ...options, devices } } satisfies StormRequest);
    }
  }

  static begin(options: StormOptions): Storm {
    return new Storm(options);
  }

  get figures(): StormFigures {
    const parts = [...this.#latest.values()];
    const refusals: Record<string, number> = {};
    for (const part of parts) {
      for (const [code, count] of Object.entries(part.refusals)) {
        refusals[code] = (refusals[code] ?? 0) + count;
      }
    }
    const sum = (read: (part: StormProgress) => number): number =>
      parts.reduce((total, part) => total + read(part), 0);
    const most = (read: (part: StormProgress) => number): number => Math.max(0, ...parts.map(read));
    return {
      admitted: sum(({ admitted }) => admitted),
      tries: sum((part) => part.tries),
      lastMs: most((part) => part.lastMs),
      longestTryMs: most((part) => part.longestTryMs),
      longestAnswerMs: most((part) => part.longestAnswerMs),
      admissionMs: parts.flatMap(({ admissionMs }) => admissionMs),
      connectMs: parts.flatMap(({ connectMs }) => connectMs),
      refusals,
    };
  }

  /** @throws {Error} when fewer are in after `timeoutMs` */
  async admitted(count: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.figures.admitted < count) {
      if (performance.now() > deadline) {
        const { admitted, refusals } = this.figures;
        throw new Error(
          `${admitted} of ${this.options.devices.length} devices are in after ${timeoutMs} ms: ${JSON.stringify(refusals)}`,
        );
      }
      await delay(POLL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (!child.connected) return;
        const exited = once(child, 'exit');
        const ended = new Promise<void>((resolve) => {
          child.on('message', ({ type }: StormProgress) => {
            if (type === 'ended') resolve();
          });
        });
        child.send({ type: 'end' } satisfies StormRequest);
        await ended;
        child.disconnect();
        await exited;
      }),
    );
  }
}
