import { rm } from 'node:fs/promises';
import type { CombinedLog } from './log/combined-log.ts';
import { RunFile, type RecordedProcess } from './run-file.ts';

/** Who runs now: kept in the run file, and said in the log when one dies and when it is back. */
export class ProcessRegister {
  readonly #file: RunFile;
  readonly #processes = new Map<string, RecordedProcess>();
  readonly #startedAt = new Date().toISOString();
  #natsUrl = '';
  #isClosed = false;

  constructor(
    private readonly path: string,
    private readonly apiUrl: string,
    private readonly log: CombinedLog,
  ) {
    this.#file = new RunFile(path);
  }

  set natsUrl(url: string) {
    this.#natsUrl = url;
    void this.#write();
  }

  /** What a supervised process reports to. @param url base of its `/readyz` */
  watch(
    name: string,
    url?: string,
  ): { onStarted: (pid: number) => void; onDied: (how: string, retryInMs: number) => void } {
    return {
      onStarted: (pid) => {
        if (this.#processes.has(name)) this.log.say('warn', `${name} was started again`, { pid });
        this.#processes.set(name, { name, pid, ...(url === undefined ? {} : { url }) });
        void this.#write();
      },
      onDied: (how, retryInMs) =>
        this.log.say('error', `${name} ended with ${how}; it is started again in ${retryInMs} ms`),
    };
  }

  /** Everything has stopped. */
  async close(): Promise<void> {
    await this.#write();
    this.#isClosed = true;
    await rm(this.path, { force: true });
  }

  #write(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return this.#file.write({
      pid: process.pid,
      startedAt: this.#startedAt,
      apiUrl: this.apiUrl,
      natsUrl: this.#natsUrl,
      processes: [...this.#processes.values()],
    });
  }
}
