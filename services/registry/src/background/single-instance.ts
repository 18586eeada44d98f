import { tryReaderLock } from '@gatehouse/event-store';
import type { Logger } from '@gatehouse/observability';
import type pg from 'pg';
import { keepRunning, type BackgroundWork } from './background-work.ts';
import { pauseUnlessAborted } from './back-off.ts';

const RETRY_MS = 1_000;

/**
 * Work that only one instance of the registry may do at a time: whoever holds an advisory lock of the
 * database. The lock goes with its connection, so another instance takes over within about a second.
 */
export class SingleInstance implements BackgroundWork {
  readonly name: string;

  /** @param name of the lock; one connection of the pool holds it */
  constructor(
    private readonly pool: pg.Pool,
    name: string,
    private readonly works: readonly BackgroundWork[],
    private readonly logger: Logger,
  ) {
    this.name = name;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lock = await tryReaderLock(this.pool, this.name);
      if (lock === undefined) {
        await pauseUnlessAborted(RETRY_MS, signal);
        continue;
      }
      this.logger.info({ lock: this.name }, 'this instance does the work that only one may do');
      const isOurs = AbortSignal.any([signal, lock.signal]);
      try {
        await Promise.all(this.works.map((work) => keepRunning(work, isOurs, this.logger)));
      } finally {
        await lock.release();
      }
    }
  }
}
