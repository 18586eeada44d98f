import { setTimeout as delay } from 'node:timers/promises';
import { ProgramProcess } from '../program-process.ts';
import { reasonsInWords, sumByReason } from './counts-by-reason.ts';
import type { ProcessesElsewhere } from './processes-elsewhere.ts';
import type { StormDevices, StormOptions, StormProgress } from './storm-devices.ts';

const PROCESSES = 2;
const POLL_MS = 500;

/** Devices that connect at once, in a few processes: thousands of them need no process each. */
export class Storm implements AsyncDisposable {
  readonly #processes = Array.from(
    { length: PROCESSES },
    () => new ProgramProcess<StormDevices>('bench/storm-devices.js', { leadsSession: true }),
  );
  #isOver = false;

  private constructor(private readonly options: StormOptions) {}

  static async begin(options: StormOptions, elsewhere: ProcessesElsewhere): Promise<Storm> {
    const storm = new Storm(options);
    for (const { pid } of storm.#processes) elsewhere.add(pid);
    await Promise.all(
      storm.#processes.map((process, index) => {
        const devices = options.devices.filter((_, each) => each % PROCESSES === index);
        return process.ask('storm', { ...options, devices });
      }),
    );
    return storm;
  }

  /** What all devices have seen. */
  async figures(): Promise<StormProgress> {
    const parts = await Promise.all(this.#processes.map((process) => process.ask('progress')));
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
      refusals: sumByReason(parts.map(({ refusals }) => refusals)),
    };
  }

  /** @throws {Error} when fewer are in after `timeoutMs` */
  async admitted(count: number, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const parts = await Promise.all(this.#processes.map((process) => process.ask('admitted')));
      const admitted = parts.reduce((total, part) => total + part, 0);
      if (admitted >= count) return;
      if (performance.now() > deadline) {
        const refusals = reasonsInWords((await this.figures()).refusals);
        throw new Error(
          `${admitted} of ${this.options.devices.length} devices are in after ${timeoutMs} ms: ${refusals}`,
        );
      }
      await delay(POLL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await Promise.all(
      this.#processes.map(async (process) => {
        await process.ask('end');
        await process[Symbol.asyncDispose]();
      }),
    );
  }
}
