import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { fetchDebianPackages, fetchedEnvironment } from './debian-packages.ts';
import { runProgram } from './run-program.ts';

/** OpenSSL's command line: a TLS client of another make than the one in Node, for tests. */
export interface OpensslProgram {
  readonly command: string;
  /** What to run it with: the fetched one brings its libraries along. */
  readonly environment: NodeJS.ProcessEnv;
}

const OLDEST_MAJOR = 3;
const PACKAGES = ['openssl', 'libssl3'];

/**
 * The installed one when it is new enough, else that of this Debian's own suite, fetched into the project's
 * cache.
 *
 * @throws {ProgramMissing} when it is neither here nor to be had
 */
export async function opensslProgram(): Promise<OpensslProgram> {
  if (await isNewEnough('openssl')) return { command: 'openssl', environment: process.env };
  const folder = join(cacheDirectory, 'openssl');
  const command = join(folder, 'usr', 'bin', 'openssl');
  const isCached = await access(command).then(
    () => true,
    () => false,
  );
  if (!isCached) await fetchDebianPackages({ packages: PACKAGES, into: folder });
  return { command, environment: fetchedEnvironment(folder) };
}

/** LibreSSL goes by the same name and has other options. */
async function isNewEnough(program: string): Promise<boolean> {
  try {
    const version = /^OpenSSL (\d+)\./.exec(await runProgram(program, ['version'], 5_000));
    return Number(version?.[1]) >= OLDEST_MAJOR;
  } catch {
    return false;
  }
}
