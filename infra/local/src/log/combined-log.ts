import { prettyFactory } from 'pino-pretty';
import { LOG_LEVELS, type LogLevel } from '../start-options.ts';
import type { LogOutput } from './log-output.ts';

type LogRecord = Readonly<Record<string, unknown>>;

/**
 * What all processes say, on one output: readable lines on a terminal, their JSON lines elsewhere. A line
 * that is no JSON comes from a process that broke, so it counts as an error.
 */
export class CombinedLog {
  readonly level: LogLevel;
  readonly #pretty = prettyFactory({
    colorize: true,
    singleLine: true,
    ignore: 'pid,hostname,service,process,spanId',
    messageFormat: '{process}: {msg}',
    translateTime: 'SYS:HH:MM:ss.l',
  });

  /** @param level the least level that is shown; by default `warn` on a terminal, `info` elsewhere */
  constructor(
    private readonly output: LogOutput,
    level?: LogLevel,
  ) {
    this.level = level ?? (output.isTerminal ? 'warn' : 'info');
  }

  /** Takes what a process writes. */
  lines(process: string): (line: string) => void {
    return (line) => {
      const record = recordOf(line);
      if (record === undefined) {
        if (line.trim() !== '') this.#show({ level: 'error', service: process, msg: line }, process);
      } else this.#show(record, process);
    };
  }

  /** Our own words. */
  say(level: LogLevel, msg: string, fields: LogRecord & { readonly service?: string } = {}): void {
    const time = new Date().toISOString();
    const record = { level, time, service: 'local', ...fields, msg };
    this.#show(record, record.service);
  }

  #show(record: LogRecord, process: string): void {
    if (!this.#isShown(record['level'])) return;
    if (this.output.isTerminal) this.output.write(this.#pretty({ ...record, process }).trimEnd());
    else this.output.write(JSON.stringify({ ...record, process }));
  }

  #isShown(level: unknown): boolean {
    const rank = LOG_LEVELS.findIndex((each) => each === level);
    return rank <= LOG_LEVELS.indexOf(this.level);
  }
}

function recordOf(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined;
  }
}
