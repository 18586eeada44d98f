import type { Logger } from './logger.ts';

/**
 * Says once that something does not work and once that it works again, however often it is tried in between.
 * Every attempt is at debug.
 */
export class OutageLog {
  #failingSince: number | undefined;

  /**
   * @param failing the line when it begins, such as "the database cannot be reached"
   * @param mended the line when it ends
   */
  constructor(
    private readonly logger: Logger,
    private readonly lines: { readonly failing: string; readonly mended: string },
  ) {}

  failed(error: unknown, fields: object = {}): void {
    const line = { ...fields, reason: reasonOf(error) };
    if (this.#failingSince !== undefined) {
      this.logger.debug(line, this.lines.failing);
      return;
    }
    this.#failingSince = performance.now();
    this.logger.warn(line, this.lines.failing);
  }

  succeeded(): void {
    if (this.#failingSince === undefined) return;
    const failedForMs = Math.round(performance.now() - this.#failingSince);
    this.#failingSince = undefined;
    this.logger.info({ failedForMs }, this.lines.mended);
  }
}

/** What an error says, in one line, with the code when it says nothing. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
