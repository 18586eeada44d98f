import { ManagedProcess } from '@gatehouse/local-servers';
import { expect, test } from 'vitest';
import { Supervised } from './supervised.ts';

const startShell = (program: string): Promise<ManagedProcess> =>
  ManagedProcess.start({ command: 'sh', arguments: ['-c', program], stopSignal: 'SIGTERM' });

test('a process that is killed is started again, and stays ended once it is stopped', async () => {
  const pids: number[] = [];
  const died: string[] = [];
  const supervised = await Supervised.start({
    name: 'sleeper',
    start: () => startShell('exec sleep 60'),
    onStarted: (pid) => pids.push(pid),
    onDied: (how, retryInMs) => died.push(`${how}, ${retryInMs} ms`),
  });

  process.kill(supervised.process.pid, 'SIGKILL');
  await expect.poll(() => pids.length).toBe(2);
  await supervised.stop();

  expect(died).toEqual(['SIGKILL, 250 ms']);
  expect(supervised.process.pid).toBe(pids[1]);
  expect(await supervised.process.ended()).toBe('SIGTERM');
});

test('stopping while a restart waits does not wait for it', async () => {
  const deaths: string[] = [];
  const died = Promise.withResolvers<void>();
  const supervised = await Supervised.start({
    name: 'mayfly',
    start: () => startShell('exit 3'),
    onStarted: () => undefined,
    onDied: (how) => {
      deaths.push(how);
      died.resolve();
    },
  });
  await died.promise;

  await supervised.stop();

  expect(deaths).toEqual(['code 3']);
});

test('a first start that fails is not tried again', async () => {
  const starting = Supervised.start({
    name: 'nothing',
    start: () => Promise.reject(new Error('no such program')),
    onStarted: () => undefined,
    onDied: () => undefined,
  });
  await expect(starting).rejects.toThrow('no such program');
});
