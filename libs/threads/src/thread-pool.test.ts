import { afterEach, expect, test } from 'vitest';
import type { OddOrder } from './testing/odd-thread.ts';
import { ThreadPool, type ThreadPoolLimits } from './thread-pool.ts';

const LIMITS: ThreadPoolLimits = { threads: 1, maxWaiting: 100, timeoutMs: 10_000, maxHeapMib: 64 };
const pools: ThreadPool<OddOrder, number>[] = [];
const poolWith = (limits: Partial<ThreadPoolLimits> = {}): ThreadPool<OddOrder, number> => {
  const file = new URL('./testing/odd-thread.ts', import.meta.url);
  const pool = new ThreadPool<OddOrder, number>(file, { ...LIMITS, ...limits });
  pools.push(pool);
  return pool;
};
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

test.each([1, 2])('%i threads do every order once, each with its own result', async (threads) => {
  const pool = poolWith({ threads });
  pool.start();
  const orders = Array.from({ length: 50 }, (_, index) => index);
  const outcomes = await Promise.all(orders.map((order) => pool.run(order)));
  expect(outcomes).toEqual(orders.map((order) => ({ outcome: 'done', result: order * 2 })));
});

test('more than may wait are turned away', async () => {
  const pool = poolWith({ maxWaiting: 2 });
  const outcomes = [1, 2, 3, 4].map((order) => pool.run(order));
  expect(pool.waiting).toBe(2);
  expect(await outcomes[3]).toEqual({ outcome: 'busy' });
  expect(await Promise.all(outcomes.slice(0, 3))).toHaveLength(3);
  expect(await pool.run(5)).toEqual({ outcome: 'done', result: 10 });
});

test.each<readonly [OddOrder, RegExp]>([
  ['hang', /more than 2000 ms/],
  ['throw', /so it goes/],
  ['exit', /code 3/],
  ['hoard', /memory|more than 10000 ms/],
])('a thread that makes %s of its order is replaced, and the next order is done', async (odd, reason) => {
  // The start of a thread counts: a short limit would end the others too on a busy machine.
  const pool = poolWith(odd === 'hang' ? { timeoutMs: 2_000 } : {});
  const [failed, next] = await Promise.all([pool.run(odd), pool.run(21)]);
  expect(failed).toEqual({ outcome: 'failed', reason: expect.stringMatching(reason) });
  expect(next).toMatchObject({ outcome: expect.stringMatching(/done|failed/) });
  await expect.poll(() => pool.run(21)).toEqual({ outcome: 'done', result: 42 });
});

test('what cannot be copied is an order that fails', async () => {
  const pool = poolWith();
  const order = (() => 1) as unknown as OddOrder;
  expect(await pool.run(order)).toMatchObject({ outcome: 'failed' });
});

test('a pool that is closed does nothing more', async () => {
  const pool = poolWith();
  await pool.run(1);
  await pool.close();
  expect(await pool.run(1)).toMatchObject({ outcome: 'failed' });
});
