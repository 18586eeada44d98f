import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineOf } from '@gatehouse/local-servers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDirectory } from './data-directory.ts';

let parent: string;
let path: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'gatehouse-directory-'));
  path = join(parent, 'data');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

test('a directory is created, held, and let go', async () => {
  const directory = await openDataDirectory(path, false);
  expect((await readdir(path)).toSorted()).toEqual(['gatehouse-data', 'lock']);
  await directory.release();
  expect(await readdir(path)).toEqual(['gatehouse-data']);
});

test('a file in the way is told in one line', async () => {
  await writeFile(path, '');
  await expect(openDataDirectory(path, false)).rejects.toMatchObject({
    code: 'LOCAL_DATA_DIRECTORY_UNUSABLE',
    message: expect.stringContaining('is a file'),
  });
  await expect(openDataDirectory(join(path, 'below'), false)).rejects.toMatchObject({
    code: 'LOCAL_DATA_DIRECTORY_UNUSABLE',
  });
});

test('a file system where no folder can be made is told in one line', async () => {
  await expect(openDataDirectory('/proc/gatehouse/data', false)).rejects.toMatchObject({
    code: 'LOCAL_DATA_DIRECTORY_UNUSABLE',
  });
});

test('a lock whose process is another program by now is taken over', async () => {
  await (await openDataDirectory(path, false)).release();
  await writeFile(join(path, 'lock'), '1\n');
  const directory = await openDataDirectory(path, false);
  expect(await readFile(join(path, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
  await directory.release();
});

test('a lock whose process is a running Gatehouse is respected', async () => {
  await (await openDataDirectory(path, false)).release();
  const other = spawn('sh', ['-c', 'sleep 60; : infra/local/dist/main.js']);
  try {
    await expect.poll(() => commandLineOf(other.pid ?? 0)).toContain('infra/local');
    await writeFile(join(path, 'lock'), `${other.pid}\n`);
    await expect(openDataDirectory(path, false)).rejects.toMatchObject({
      code: 'LOCAL_DATA_DIRECTORY_IN_USE',
      pid: other.pid,
    });
  } finally {
    other.kill('SIGKILL');
  }
});

test('processes that a killed start left behind are ended, strangers are not', async () => {
  await (await openDataDirectory(path, false)).release();
  const ours = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 60_000)', path]);
  const stranger = spawn('sleep', ['60']);
  const record = { processes: [{ pid: ours.pid }, { pid: stranger.pid }] };
  await writeFile(join(path, 'run.json'), JSON.stringify(record));

  const ended = once(ours, 'exit');
  await expect.poll(() => commandLineOf(ours.pid ?? 0)).toContain(path);

  const directory = await openDataDirectory(path, false);

  expect(await ended).toEqual([null, 'SIGINT']);
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill();
  await directory.release();
});

test('fresh allows to empty what Gatehouse wrote, and refuses what it did not', async () => {
  await (await openDataDirectory(path, false)).release();
  await writeFile(join(path, 'master-key'), 'key');
  const directory = await openDataDirectory(path, true);
  expect(await readdir(path)).toContain('master-key');
  await directory.empty();
  await directory.release();
  expect(await readdir(path)).toEqual(['gatehouse-data']);

  await writeFile(join(parent, 'letter'), 'precious');
  await expect(openDataDirectory(parent, true)).rejects.toMatchObject({
    code: 'LOCAL_DATA_DIRECTORY_UNUSABLE',
    message: expect.stringContaining('did not write'),
  });
  expect(await readFile(join(parent, 'letter'), 'utf8')).toBe('precious');
});
