import type { LogLevel } from '../start-options.ts';

/** Says something at a level, or nothing. */
type Say = (level: LogLevel, message: string) => void;

const NATS_LINE = /\[(WRN|ERR|FTL)\] (.*)$/;
/** Our passwords are random and stand in a file with mode 600; bcrypt would only slow reconnecting down. */
const NATS_NOISE = /^Plaintext passwords detected/;
const NATS_LEVELS: Readonly<Record<string, LogLevel>> = { WRN: 'warn', ERR: 'error', FTL: 'fatal' };
const POSTGRES_LINE = /\b(WARNING|ERROR|FATAL|PANIC|DETAIL|HINT):\s+(.*)$/;
const POSTGRES_LEVELS: Readonly<Record<string, LogLevel>> = {
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
  PANIC: 'fatal',
};

/** Lets through what nats-server warns of; the rest is its business. */
export function natsServerLines(say: Say): (line: string) => void {
  return (line) => {
    const [, kind = '', text = ''] = NATS_LINE.exec(line) ?? [];
    const level = NATS_LEVELS[kind];
    if (level !== undefined && !NATS_NOISE.test(text)) say(level, text);
  };
}

/** Lets through what PostgreSQL warns of. */
export function postgresLines(say: Say): (line: string) => void {
  return (line) => {
    const [, kind = '', text = ''] = POSTGRES_LINE.exec(line) ?? [];
    if (kind !== '') say(POSTGRES_LEVELS[kind] ?? 'error', text);
  };
}
