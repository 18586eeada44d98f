import type { Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';

/**
 * A script can hold V8 inside a single built-in call that cannot be interrupted, `new Array(1e8).fill(1)` for
 * one. Its isolate then keeps a thread and its memory until the process ends. So the process ends: in order,
 * after the batches in hand (the guilty message among them, as failed) are stored and acknowledged, so that
 * it does not meet the same message again. Whoever supervises it starts the next.
 */
export class LostIsolates {
  #isRestarting = false;

  constructor(
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {}

  report(): void {
    this.metrics.isolatesLost.add();
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    this.logger.fatal('a script cannot be ended; the process restarts to get its memory back');
    // A held thread keeps an ordinary exit waiting for ever, and an exit code of 0 would look intended.
    process.once('exit', () => process.kill(process.pid, 'SIGKILL'));
    process.kill(process.pid, 'SIGTERM');
  }
}
