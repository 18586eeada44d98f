import { setTimeout as delay } from 'node:timers/promises';

const FIRST_MS = 100;
const LONGEST_MS = 2_000;

/**
 * How long to wait before the next try: 100 ms, doubled each time, at most 2 s.
 *
 * @param attempt tries that failed before the last one
 */
export function retryDelayMs(attempt: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), LONGEST_MS);
}

const FIRST_REDELIVERY_MS = 50;
const LONGEST_REDELIVERY_MS = 5_000;

/**
 * How long to wait before what failed is delivered again: 50 ms, doubled each time, at most 5 s.
 *
 * @param failures failures in a row before the last one
 */
export function redeliveryDelayMs(failures: number): number {
  return Math.min(FIRST_REDELIVERY_MS * 2 ** Math.min(failures, 10), LONGEST_REDELIVERY_MS);
}

/** @throws the signal's reason when it aborts first */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) });
}
