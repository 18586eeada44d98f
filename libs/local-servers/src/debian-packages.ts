import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProgramMissing } from './local-servers.failures.ts';
import { runProgram } from './run-program.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface DebianPackages {
  readonly packages: readonly string[];
  /** A suite such as `unstable`; by default the one that this machine runs. */
  readonly suite?: string;
  /** Where the packages' files go, as under `/`. Appears when all is there, whoever fetches it first. */
  readonly into: string;
}

/**
 * Downloads packages with apt's own signature check and unpacks them into a folder, without touching the
 * system: apt gets lists, cache and state of its own.
 *
 * @throws {ProgramMissing} when this is no Debian system, or its archive cannot be reached
 */
export async function fetchDebianPackages({ packages, suite, into }: DebianPackages): Promise<void> {
  const part = `${into}.part-${process.pid}-${Date.now().toString(36)}`;
  const work = join(part, '.apt');
  try {
    const codename = suite ?? (await runningSuite());
    const mirror = await machineMirror();
    await mkdir(join(work, 'lists', 'partial'), { recursive: true });
    await mkdir(join(work, 'cache', 'archives', 'partial'), { recursive: true });
    await writeFile(join(work, 'status'), '');
    await writeFile(join(work, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${codename} main\n`);
    const apt = (...args: string[]): Promise<string> =>
      runProgram('sh', ['-c', 'cd "$0" && exec apt-get "$@"', work, ...aptOptions(work), ...args]);
    await apt('update');
    await apt('download', ...packages);
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await runProgram('dpkg-deb', ['-x', join(work, file), part]);
    }
    await rm(work, { recursive: true });
    await moveIntoPlace(part, into);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ProgramMissing(
      packages.join(' '),
      `it could not be fetched from Debian's archive (${reason}); install it by hand`,
    );
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** The environment that programs of fetched packages run in: their libraries came along. */
export function fetchedEnvironment(folder: string): NodeJS.ProcessEnv {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const libraries = [join(folder, 'usr', 'lib', triplet), join(folder, 'lib', triplet)].join(':');
  return { ...process.env, LD_LIBRARY_PATH: libraries };
}

async function moveIntoPlace(part: string, into: string): Promise<void> {
  try {
    await rename(part, into);
  } catch (error) {
    // Somebody who fetched the same at the same time was faster: theirs is as good.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function aptOptions(work: string): string[] {
  return [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${work}/lists`,
    `Dir::State::status=${work}/status`,
    `Dir::Cache=${work}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option]);
}

async function runningSuite(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1];
  if (codename === undefined || !/^ID=debian$/m.test(release)) throw new Error('this is not Debian');
  return codename;
}

/** The mirror that this machine's own apt uses, so that proxies and local mirrors keep working. */
async function machineMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name)),
  ];
  for (const file of files) {
    const text = (await readFile(file, 'utf8').catch(() => '')).replaceAll(/^\s*#.*$/gm, '');
    const mirror = /https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(text)?.[0];
    if (mirror !== undefined) return mirror;
  }
  return 'https://deb.debian.org/debian';
}
