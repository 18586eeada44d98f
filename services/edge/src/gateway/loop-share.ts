import { performance } from 'node:perf_hooks';

export interface LoopShareLimits {
  /** Of the time, up to 1, that the event loop may be busy while there is work that can wait. */
  readonly share: number;
  /** Busy time beyond the share that is taken at once, in milliseconds. */
  readonly burstMs: number;
  /** More than that is forgotten, in milliseconds: what was busy long ago must not put anything off now. */
  readonly mostMs: number;
}

/**
 * How busy the event loop of this process was, all of its work together, against the share of the time that it
 * may be. A process that waits for a processor is busy too: on a full machine the share shrinks by itself.
 */
export class LoopShare {
  #before = performance.eventLoopUtilization();
  /** Busy milliseconds beyond the share; idle time pays them back. */
  #debtMs = 0;

  constructor(private readonly limits: LoopShareLimits) {}

  /** Milliseconds of an idle loop until work that can wait may begin; 0: now. */
  waitMs(): number {
    const { share, burstMs, mostMs } = this.limits;
    const now = performance.eventLoopUtilization();
    const activeMs = now.active - this.#before.active;
    const idleMs = now.idle - this.#before.idle;
    this.#before = now;
    const debtMs = this.#debtMs + activeMs - share * (activeMs + idleMs);
    this.#debtMs = Math.min(mostMs, Math.max(0, debtMs));
    return Math.max(0, this.#debtMs - burstMs) / share;
  }
}
