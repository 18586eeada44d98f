import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  release(): Promise<void>;
}

/**
 * Creates or takes over a data directory. What a former start left running is ended first.
 *
 * @throws {DataDirectoryUnusable | DataDirectoryInUse}
 */
export async function openDataDirectory(path: string, fresh: boolean): Promise<DataDirectory> {
  const at = (...names: string[]): string => join(path, ...names);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (!(await stat(path)).isDirectory()) throw new DataDirectoryUnusable(path, 'it is not a directory');
    const found = await readdir(path);
    if (fresh && found.length > 0 && !found.includes(MARK)) {
      throw new DataDirectoryUnusable(
        path,
        '--fresh would delete what is in it, but Gatehouse did not write that; empty it by hand',
      );
    }
    await takeLock(path, at(LOCK));
    await endLeftovers(at('run.json'), path);
    if (fresh) await empty(path);
    await writeFile(at(MARK), 'This folder belongs to Gatehouse: npm start.\n');
  } catch (error) {
    if (error instanceof DataDirectoryUnusable || error instanceof DataDirectoryInUse) throw error;
    throw new DataDirectoryUnusable(path, reasonOf(error));
  }
  return { path, at, release: () => rm(at(LOCK), { force: true }) };
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
}

const ADVICE = 'choose another with --data-dir';
const REASONS: Readonly<Record<string, string>> = {
  EACCES: `this user may not read and write there; ${ADVICE}`,
  EPERM: `this user may not read and write there; ${ADVICE}`,
  EROFS: `it is on a read-only file system; ${ADVICE}`,
  ENOTDIR: `it, or something above it, is a file; ${ADVICE}`,
  EEXIST: `it, or something above it, is a file; ${ADVICE}`,
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
