import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory.ts';
import { fetchDebianPackages, fetchedEnvironment } from './debian-packages.ts';
import { runProgram } from './run-program.ts';

/** Eclipse Mosquitto: the clients that our tests use as devices, and the broker that benches compare with. */
export interface MosquittoPrograms {
  readonly publish: string;
  readonly subscribe: string;
  readonly broker: string;
  readonly passwd: string;
  /** What to run them with: the fetched ones bring their libraries along. */
  readonly environment: NodeJS.ProcessEnv;
}

/** With the libraries that a small Debian image does not have. */
const PACKAGES = [
  'mosquitto',
  'mosquitto-clients',
  'libmosquitto1',
  'libcjson1',
  'libdlt2',
  'libwrap0',
  'libssl3',
];

/**
 * The installed programs, else those of this Debian's own suite, fetched into the project's cache.
 *
 * @throws {ProgramMissing} when they are neither here nor to be had
 */
export async function mosquittoPrograms(): Promise<MosquittoPrograms> {
  if (await isInstalled()) {
    return {
      publish: 'mosquitto_pub',
      subscribe: 'mosquitto_sub',
      broker: 'mosquitto',
      passwd: 'mosquitto_passwd',
      environment: process.env,
    };
  }
  const folder = join(cacheDirectory, 'mosquitto');
  const programs = {
    publish: join(folder, 'usr', 'bin', 'mosquitto_pub'),
    subscribe: join(folder, 'usr', 'bin', 'mosquitto_sub'),
    broker: join(folder, 'usr', 'sbin', 'mosquitto'),
    passwd: join(folder, 'usr', 'bin', 'mosquitto_passwd'),
  };
  const isCached = await access(programs.broker).then(
    () => true,
    () => false,
  );
  if (!isCached) await fetchDebianPackages({ packages: PACKAGES, into: folder });
  return { ...programs, environment: fetchedEnvironment(folder) };
}

async function isInstalled(): Promise<boolean> {
  try {
    await runProgram(
      'sh',
      ['-c', 'command -v mosquitto_pub mosquitto_sub mosquitto mosquitto_passwd'],
      5_000,
    );
    return true;
  } catch {
    return false;
  }
}
