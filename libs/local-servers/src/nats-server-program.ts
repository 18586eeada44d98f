import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { fetchDebianPackages } from './debian-packages.ts';
import { ProgramMissing } from './local-servers.failures.ts';
import { runProgram } from './run-program.ts';

const OLDEST = { major: 2, minor: 14 };
const ADVICE =
  `install nats-server ${OLDEST.major}.${OLDEST.minor} or newer so that it is on the PATH ` +
  '(https://docs.nats.io/running-a-nats-service/introduction/installation), or set NATS_URL to a running one';

/**
 * A nats-server that is new enough: the one on the PATH, else the one in the project's cache, else fetched
 * into that cache from Debian's unstable suite (it is one static binary).
 *
 * @throws {ProgramMissing} with what to install
 */
export async function natsServerProgram(say: (line: string) => void = () => undefined): Promise<string> {
  if (await isNewEnough('nats-server')) return 'nats-server';
  const folder = join(cacheDirectory, 'nats-server');
  const cached = join(folder, 'usr', 'sbin', 'nats-server');
  if (await isNewEnough(cached)) return cached;
  say('fetching nats-server from the Debian archive (5 MB)');
  await fetchDebianPackages({ packages: ['nats-server'], suite: 'unstable', into: folder }).catch(
    (error: unknown) => {
      throw new ProgramMissing('nats-server', `${(error as Error).message}; ${ADVICE}`);
    },
  );
  await access(cached);
  if (await isNewEnough(cached)) return cached;
  throw new ProgramMissing('nats-server', `the fetched one does not run here; ${ADVICE}`);
}

async function isNewEnough(program: string): Promise<boolean> {
  try {
    const version = /v(\d+)\.(\d+)\./.exec(await runProgram(program, ['--version'], 5_000));
    const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
    return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  } catch {
    return false;
  }
}
