import { expect, test, vi } from 'vitest';
import { AdmissionQueue } from './admission-queue.ts';
import { AdmissionQueues } from './admission-queues.ts';

const stays = { isWaiting: () => true, deadline: Number.POSITIVE_INFINITY };

test('no more run at one time than allowed, the others in the order they came', async () => {
  const queue = new AdmissionQueue(2, 10);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const runs = [0, 1, 2, 3].map((index) =>
    queue.run(stays, async () => {
      started.push(index);
      await new Promise<void>((resolve) => {
        finish.push(resolve);
      });
    }),
  );
  await Promise.resolve();
  expect([started, queue.length]).toEqual([[0, 1], 2]);

  finish[1]?.();
  await runs[1];
  expect(started).toEqual([0, 1, 2]);
  finish[0]?.();
  await runs[0];
  expect([started, queue.length]).toEqual([[0, 1, 2, 3], 0]);
  for (const each of finish) each();
  await Promise.all(runs);
});

test('who finds the queue full is refused at once', async () => {
  const queue = new AdmissionQueue(1, 0);
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const running = queue.run(stays, () => promise);
  await expect(queue.run(stays, () => Promise.resolve())).rejects.toMatchObject({
    code: 'EDGE_ADMISSION_QUEUE_FULL',
  });
  finish();
  await running;
  await queue.run(stays, () => Promise.resolve());
});

test('who has left while waiting is passed over, and a failure gives its place back', async () => {
  const queue = new AdmissionQueue(1, 10);
  const failing = queue.run(stays, () => Promise.reject(new Error('auth broke')));
  const left = queue.run({ ...stays, isWaiting: () => false }, () => Promise.resolve('never'));
  const patient = queue.run(stays, () => Promise.resolve('admitted'));

  await expect(failing).rejects.toThrow('auth broke');
  await expect(left).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(await patient).toBe('admitted');
});

test('nobody waits for longer than allowed', async () => {
  const queue = new AdmissionQueue(1, 10);
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const running = queue.run(stays, () => promise);
  const late = queue.run({ ...stays, deadline: performance.now() + 10 }, () => Promise.resolve());
  await expect(late).rejects.toMatchObject({ code: 'EDGE_ADMISSION_WAIT_TIMED_OUT' });
  expect(queue.length).toBe(0);
  finish();
  await running;
});

test('those who have left make room in a full queue', async () => {
  const queue = new AdmissionQueue(1, 1);
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const running = queue.run(stays, () => promise);
  let isThere = true;
  const left = queue.run({ ...stays, isWaiting: () => isThere }, () => Promise.resolve());
  await expect(queue.run(stays, () => Promise.resolve())).rejects.toMatchObject({
    code: 'EDGE_ADMISSION_QUEUE_FULL',
  });
  isThere = false;
  const patient = queue.run(stays, () => Promise.resolve('admitted'));
  await expect(left).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  finish();
  await running;
  expect(await patient).toBe('admitted');
});

test('one gateway that waits holds up no other', async () => {
  const queues = new AdmissionQueues(1, 0);
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const running = queues.run('slow', stays, () => promise);
  await expect(queues.run('slow', stays, () => Promise.resolve())).rejects.toMatchObject({
    code: 'EDGE_ADMISSION_QUEUE_FULL',
  });
  expect(await queues.run('quick', stays, () => Promise.resolve('in'))).toBe('in');
  finish();
  await running;
});

test('a queue is stuck when some wait and none was done for a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const queue = new AdmissionQueue(1, 1);
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const running = queue.run(stays, () => promise);
  vi.advanceTimersByTime(1_001);
  expect(queue.isStuck).toBe(false);
  const waiting = queue.run({ ...stays, deadline: Number.POSITIVE_INFINITY }, () => Promise.resolve());
  expect(queue.isStuck).toBe(true);
  finish();
  await Promise.all([running, waiting]);
  expect(queue.isStuck).toBe(false);
  vi.useRealTimers();
});
