import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandLineOf } from './command-line.ts';
import { ManagedProcess } from './managed-process.ts';

const managedProcessModule = fileURLToPath(new URL('./managed-process.ts', import.meta.url));

/** A process that starts two children by {@link ManagedProcess} and prints their ids. */
async function startParent(): Promise<{ kill(): void; children: number[] }> {
  const program = `
    import { ManagedProcess } from ${JSON.stringify(managedProcessModule)};
    const start = (program) =>
      ManagedProcess.start({ command: 'sh', arguments: ['-c', program], stopSignal: 'SIGTERM' });
    const children = [await start('sleep 60'), await start("trap '' INT; sleep 60 & wait")];
    console.log(children.map(({ pid }) => pid).join(' '));
  `;
  const parent = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  return { kill: () => parent.kill('SIGKILL'), children: line.split(' ').map(Number) };
}

test('children end when their parent is killed and can do nothing about it', async () => {
  const parent = await startParent();
  const before = await Promise.all(parent.children.map(commandLineOf));
  expect(before).toEqual([expect.stringContaining('sleep'), expect.stringContaining('sleep')]);

  parent.kill();

  await expect.poll(() => Promise.all(parent.children.map(commandLineOf))).toEqual([undefined, undefined]);
});

test('a process that does not stop when asked is killed', async () => {
  const stubborn = await ManagedProcess.start({
    command: 'sh',
    arguments: ['-c', "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
    stopSignal: 'SIGTERM',
  });
  await expect.poll(() => stubborn.lastLines).toContain('ready');

  await stubborn.stop(200);

  expect(await stubborn.ended()).toBe('SIGKILL');
});

test('a program that does not exist is an error, not a crash', async () => {
  const start = ManagedProcess.start({
    command: '/nowhere/program',
    arguments: [],
    stopSignal: 'SIGTERM',
  });
  await expect(start).rejects.toThrow('ENOENT');
});
