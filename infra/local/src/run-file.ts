import { rename, writeFile } from 'node:fs/promises';

export interface RecordedProcess {
  readonly name: string;
  readonly pid: number;
  /** Base of `/healthz`, `/readyz` and `/metrics`; of services only. */
  readonly url?: string;
}

/** `<data dir>/run.json`: what runs now, for tools and tests, and for the next start to clean up after. */
export interface RunRecord {
  /** The supervisor. */
  readonly pid: number;
  readonly startedAt: string;
  readonly apiUrl: string;
  /** NATS as an application sees it. */
  readonly natsUrl: string;
  readonly processes: readonly RecordedProcess[];
}

/** Keeps the run file true while processes come and go; writes one after the other. */
export class RunFile {
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  write(record: RunRecord): Promise<void> {
    const part = `${this.path}.part`;
    this.#writing = this.#writing
      .then(() => writeFile(part, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 }))
      .then(() => rename(part, this.path))
      .catch(() => undefined);
    return this.#writing;
  }
}

/** Process ids of a run file, in order of their start; none when it cannot be read. */
export function recordedProcesses(text: string): number[] {
  try {
    const { processes } = JSON.parse(text) as { processes?: unknown };
    if (!Array.isArray(processes)) return [];
    return processes
      .map((each: unknown) => (each as { pid?: unknown } | null)?.pid)
      .filter((pid): pid is number => Number.isInteger(pid));
  } catch {
    return [];
  }
}
