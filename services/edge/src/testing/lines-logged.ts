import { createLogger, type Logger } from '@gatehouse/observability';

type Line = Readonly<Record<string, unknown>>;

/** What a service writes to its log, kept in place of written. */
export class LinesLogged {
  readonly all: Line[] = [];
  readonly logger: Logger;

  constructor(level = 'info') {
    this.logger = createLogger('edge', level, { write: (line) => void this.all.push(JSON.parse(line)) });
  }

  /** Lines whose message begins so. */
  of(message: string): Line[] {
    return this.all.filter(({ msg }) => String(msg).startsWith(message));
  }

  levelsOf(message: string): unknown[] {
    return this.of(message).map(({ level }) => level);
  }
}
