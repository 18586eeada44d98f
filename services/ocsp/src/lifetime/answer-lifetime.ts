/** When an answer was made and when there will be a newer one: RFC 6960 §4.2.2.1, RFC 5280 §5.1.2. */
export interface AnswerTimes {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

export interface LifetimeLimits {
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

/**
 * Until when an answer is used: its nextUpdate, at most `maxSeconds` from now; without nextUpdate for
 * `minSeconds`, as a newer one may be there at any time.
 */
export function usedUntil(
  { nextUpdate }: AnswerTimes,
  { minSeconds, maxSeconds }: LifetimeLimits,
  now: Date,
): Date {
  if (nextUpdate === undefined) return secondsAfter(now, minSeconds);
  return earliest(nextUpdate, secondsAfter(now, maxSeconds));
}

/**
 * How long to wait before asking again when there was no answer: twice as long with each failure, up to
 * `maxSeconds`.
 *
 * @param failures in a row, 1 or more
 * @param chance 0 to 1; spreads those who failed together over the last fifth
 */
export function retrySeconds(
  failures: number,
  { firstSeconds, maxSeconds }: { firstSeconds: number; maxSeconds: number },
  chance: number,
): number {
  const doubled = firstSeconds * 2 ** Math.min(failures - 1, 30);
  return Math.min(doubled, maxSeconds) * (1 - 0.2 * chance);
}

export function secondsAfter(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1_000);
}

export function earliest(...[first, ...rest]: [Date, ...Date[]]): Date {
  return rest.reduce((earlier, each) => (each < earlier ? each : earlier), first);
}
