import { reasonOf, type Logger } from '@gatehouse/observability';
import { BackOff } from './back-off.ts';
import { keepRunning, type BackgroundWork } from './background-work.ts';

export interface RegistryWorkParts {
  /** Brings the database's schema up to date; fails while the database is away. */
  readonly migrate: () => Promise<void>;
  readonly works: readonly BackgroundWork[];
  readonly logger: Logger;
}

/**
 * What the registry does unasked. It begins when the database's schema is up to date, however long the
 * database is away: a service that ends because its database is restarting only makes more noise.
 */
export class RegistryWork {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isSchemaReady = false;

  constructor(private readonly parts: RegistryWorkParts) {}

  /** Whether the migrations have run. */
  get isSchemaReady(): boolean {
    return this.#isSchemaReady;
  }

  onApplicationBootstrap(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    await this.#migrate(signal);
    const { works, logger } = this.parts;
    await Promise.all(works.map((work) => keepRunning(work, signal, logger)));
  }

  async #migrate(signal: AbortSignal): Promise<void> {
    const { migrate, logger } = this.parts;
    const backOff = new BackOff();
    while (!signal.aborted) {
      try {
        await migrate();
        this.#isSchemaReady = true;
        return;
      } catch (error) {
        const level = backOff.attempts === 0 ? 'warn' : 'debug';
        logger[level]({ reason: reasonOf(error) }, 'waiting for the database to bring its schema up to date');
        await backOff.pause(signal);
      }
    }
  }
}
