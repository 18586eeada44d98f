import { expect, test } from 'vitest';
import { redeliveryDelayMs, retryDelayMs } from './retry-delay.ts';

test('what fails again and again is tried less and less often', () => {
  expect([0, 1, 2, 6, 7, 1_000].map(redeliveryDelayMs)).toEqual([50, 100, 200, 3_200, 5_000, 5_000]);
  expect([0, 1, 4, 5, 1_000].map(retryDelayMs)).toEqual([100, 200, 1_600, 2_000, 2_000]);
});
