import { ConsecutiveBreaker, handleAll } from 'cockatiel';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CallBreaker, type BreakerState } from './call-breaker.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const well = async () => 'well';
const ill = () => Promise.reject(new Error('ill'));

test('it lets nobody through for a while, then one call, and all again when that went well', async () => {
  const changes: BreakerState[] = [];
  const breaker = new CallBreaker(
    { openMs: 1_000, failures: handleAll, sample: new ConsecutiveBreaker(2) },
    (state) => changes.push(state),
  );
  await expect(breaker.execute(ill)).rejects.toThrow('ill');
  expect([breaker.state, breaker.isBroken]).toEqual(['closed', false]);
  await expect(breaker.execute(ill)).rejects.toThrow('ill');
  expect([breaker.state, breaker.isBroken]).toEqual(['open', true]);

  vi.advanceTimersByTime(1_000);
  expect(breaker.isBroken).toBe(false);
  const { promise, resolve } = Promise.withResolvers<string>();
  const trying = breaker.execute(() => promise);
  // The others need not wait for what comes of it.
  expect([breaker.state, breaker.isBroken]).toEqual(['half-open', true]);
  resolve('well again');
  expect(await trying).toBe('well again');
  expect([breaker.isBroken, await breaker.execute(well)]).toEqual([false, 'well']);
  expect(changes).toEqual(['open', 'half-open', 'closed']);
});
