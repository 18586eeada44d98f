import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LoopShare } from './loop-share.ts';

/** Keeps the event loop busy. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a burst is free, what is over the share is paid back by idle time', async () => {
  const loop = new LoopShare({ share: 0.5, burstMs: 500, mostMs: 10_000 });
  spin(40);
  expect(loop.waitMs()).toBe(0);
  spin(1_300);
  const waitMs = loop.waitMs();
  expect(waitMs).toBeGreaterThan(100);
  await delay(waitMs + 500);
  expect(loop.waitMs()).toBe(0);
});

test('what was busy beyond the most is forgotten', () => {
  const loop = new LoopShare({ share: 0.5, burstMs: 5, mostMs: 15 });
  spin(200);
  expect(loop.waitMs()).toBeCloseTo(20);
});
