import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { commandLineOf } from '@gatehouse/local-servers';
import { endLeftovers } from './leftover-processes.ts';
import { DataDirectoryInUse, DataDirectoryUnusable } from './local.failures.ts';

const LOCK = 'lock';
/** Says that a folder is ours, so that `--fresh` never empties somebody's home directory. */
const MARK = 'gatehouse-data';
const PROGRAM = /infra\/local\/(dist|src)\/main\.[jt]s/;

/** The folder that keeps all of one Gatehouse, held by this process alone until it is released. */
export interface DataDirectory {
  readonly path: string;
  /** The path of something in it. */
  at(...names: string[]): string;
  /** Deletes what is in it. */
  empty(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Creates or takes over a data directory. What a former start left running is ended first.
 *
 * @param fresh whether it will be emptied, which is refused for a folder that is not ours
 * @throws {DataDirectoryUnusable | DataDirectoryInUse}
 */
export async function openDataDirectory(path: string, fresh: boolean): Promise<DataDirectory> {
  const at = (...names: string[]): string => join(path, ...names);
  try {
    await makeDirectory(path);
    if (!(await stat(path)).isDirectory()) throw new DataDirectoryUnusable(path, REASONS['EEXIST'] ?? '');
    const found = await readdir(path);
    if (fresh && found.length > 0 && !found.includes(MARK)) {
      throw new DataDirectoryUnusable(
        path,
        '--fresh would delete what is in it, but Gatehouse did not write that; empty it by hand',
      );
    }
    await takeLock(path, at(LOCK));
    await endLeftovers(at('run.json'), path);
    await mark(path);
  } catch (error) {
    if (error instanceof DataDirectoryUnusable || error instanceof DataDirectoryInUse) throw error;
    throw new DataDirectoryUnusable(path, reasonOf(error));
  }
  return { path, at, empty: () => empty(path), release: () => rm(at(LOCK), { force: true }) };
}

/** With the folders above it. `mkdir` of Node does that too, but never returns on a file system like /proc. */
async function makeDirectory(path: string): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  try {
    await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

/** Linking is atomic: of two starts at once only one makes the lock. */
async function takeLock(path: string, lock: string): Promise<void> {
  const own = `${lock}.${process.pid}`;
  await writeFile(own, `${process.pid}\n`);
  try {
    for (;;) {
      try {
        await link(own, lock);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10);
      if (await isGatehouse(holder)) throw new DataDirectoryInUse(path, holder);
      await rm(lock, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function isGatehouse(pid: number): Promise<boolean> {
  if (pid === process.pid) return false;
  return PROGRAM.test((await commandLineOf(pid)) ?? '');
}

async function empty(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== LOCK) await rm(join(path, name), { recursive: true, force: true });
  }
  await mark(path);
}

function mark(path: string): Promise<void> {
  return writeFile(join(path, MARK), 'This folder belongs to Gatehouse: npm start.\n');
}

const ADVICE = 'choose another with --data-dir';
const REASONS: Readonly<Record<string, string>> = {
  EACCES: `this user may not read and write there; ${ADVICE}`,
  EPERM: `this user may not read and write there; ${ADVICE}`,
  EROFS: `it is on a read-only file system; ${ADVICE}`,
  ENOTDIR: `it, or something above it, is a file; ${ADVICE}`,
  EEXIST: `it, or something above it, is a file; ${ADVICE}`,
  ENOENT: `no folder can be made there; ${ADVICE}`,
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
