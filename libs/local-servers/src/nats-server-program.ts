import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { fetchDebianPackages } from './debian-packages.ts';
import { ProgramMissing } from './local-servers.failures.ts';
import { fetchNatsServerRelease } from './nats-server-release.ts';
import { runProgram } from './run-program.ts';

const OLDEST = { major: 2, minor: 14 };
const ADVICE =
  `install nats-server ${OLDEST.major}.${OLDEST.minor} or newer so that it is on the PATH ` +
  '(https://docs.nats.io/running-a-nats-service/introduction/installation), or set NATS_URL to a running one';

/**
 * A nats-server that is new enough: the one on the PATH, else the one in the project's cache, else fetched
 * into that cache, from Debian's unstable suite (it is one static binary) or as the official release.
 *
 * @throws {ProgramMissing} with what to install
 */
export async function natsServerProgram(say: (line: string) => void = () => undefined): Promise<string> {
  if (await isNewEnough('nats-server')) return 'nats-server';
  const debian = join(cacheDirectory, 'nats-server');
  const release = join(cacheDirectory, 'nats-server-release');
  const cached = [join(debian, 'usr', 'sbin', 'nats-server'), release];
  for (const program of cached) if (await isNewEnough(program)) return program;

  const reasons: string[] = [];
  const sources = [
    {
      from: "Debian's archive",
      fetch: async () => {
        await rm(debian, { recursive: true, force: true });
        await fetchDebianPackages({ packages: ['nats-server'], suite: 'unstable', into: debian });
      },
    },
    { from: 'its official release', fetch: () => fetchNatsServerRelease(release) },
  ];
  for (const source of sources) {
    say(`Fetching nats-server from ${source.from} (about 7 MB)`);
    try {
      await source.fetch();
      for (const program of cached) if (await isNewEnough(program)) return program;
      reasons.push(`the one from ${source.from} does not run here`);
    } catch (error) {
      reasons.push(`${source.from}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new ProgramMissing('nats-server', `${reasons.join('; ')}; ${ADVICE}`);
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
