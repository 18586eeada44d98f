import { expect, test } from 'vitest';
import { ClientTurns } from './client-turns.ts';

const patient = () => ({ isWaiting: () => true, deadline: performance.now() + 5_000 });

test('a second CONNECT of a client is judged after the first, another client at once', async () => {
  const turns = new ClientTurns();
  const judged: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = turns.run('a', patient(), async () => {
    await promise;
    judged.push('first');
  });
  const second = turns.run('a', patient(), async () => {
    judged.push('second');
  });
  await turns.run('b', patient(), async () => {
    judged.push('other');
  });
  resolve();
  await Promise.all([first, second]);
  expect(judged).toEqual(['other', 'first', 'second']);
  expect(turns.size).toBe(0);
});

test('of those that wait only the newest stays', async () => {
  const turns = new ClientTurns();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = turns.run('a', patient(), () => promise);
  const second = turns.run('a', patient(), () => Promise.resolve('second'));
  const third = turns.run('a', patient(), () => Promise.resolve('third'));
  await expect(second).rejects.toMatchObject({ code: 'EDGE_SESSION_TAKEN_OVER' });
  resolve();
  await first;
  expect(await third).toBe('third');
  expect(turns.size).toBe(0);
});

test('who waits too long is refused, and who has left is passed over', async () => {
  const turns = new ClientTurns();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = turns.run('a', patient(), () => promise);
  const late = turns.run('a', { isWaiting: () => true, deadline: performance.now() + 20 }, () =>
    Promise.resolve(),
  );
  await expect(late).rejects.toMatchObject({ code: 'EDGE_ADMISSION_WAIT_TIMED_OUT', reasonCode: 0x89 });
  const gone = turns.run('a', { ...patient(), isWaiting: () => false }, () => Promise.resolve());
  resolve();
  await first;
  await expect(gone).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(turns.size).toBe(0);
});

test('a failure gives the turn on', async () => {
  const turns = new ClientTurns();
  const failing = turns.run('a', patient(), () => Promise.reject(new Error('auth broke')));
  const next = turns.run('a', patient(), () => Promise.resolve('in'));
  await expect(failing).rejects.toThrow('auth broke');
  expect(await next).toBe('in');
});
