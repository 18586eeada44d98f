import { expect, test } from 'vitest';
import { silenceLimitMs } from './keep-alive.ts';

test('a client may be silent for one and a half times its keep alive', () => {
  expect(silenceLimitMs(60)).toBe(90_000);
});

test('a keep alive of 0 sets no limit', () => {
  expect(silenceLimitMs(0)).toBe(Number.POSITIVE_INFINITY);
});
