import { expect, test, vi } from 'vitest';
import { FailedAttempts } from './failed-attempts.ts';

const limits = {
  freeAttempts: 2,
  maxDelayMs: 10,
  forgetAfterMs: 60_000,
  maxAddresses: 3,
  maxWaiting: 1,
};

test('the first wrong keys are answered at once, the next ones wait', async () => {
  const attempts = new FailedAttempts(limits);
  const waited = vi.fn<() => void>();
  await attempts.failed('10.0.0.1');
  await attempts.failed('10.0.0.1');
  const third = attempts.failed('10.0.0.1').then(waited);
  await Promise.resolve();
  expect(waited).not.toHaveBeenCalled();
  await third;
});

test('only so many answers are held back at once', async () => {
  const attempts = new FailedAttempts({ ...limits, freeAttempts: 0 });
  const first = attempts.failed('10.0.0.1');
  await expect(attempts.failed('10.0.0.1')).rejects.toMatchObject({
    code: 'REGISTRY_API_KEY_ATTEMPTS_EXCEEDED',
    headers: { 'Retry-After': '1' },
  });
  await first;
});

test('only so many addresses are remembered', async () => {
  const attempts = new FailedAttempts(limits);
  for (const host of ['1', '2', '3', '4', '5']) await attempts.failed(`10.0.0.${host}`);
  expect(attempts.addresses).toBe(3);
});
