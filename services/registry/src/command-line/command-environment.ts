import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readConfig } from '@gatehouse/nest';
import { z } from 'zod';
import { registryConfig, type RegistryConfig } from '../registry.config.ts';
import { DataDirectoryNotRunning } from './command-line.failures.ts';

const commandConfig = registryConfig
  .pick({ DATABASE_URL: true, GATEHOUSE_MASTER_KEY: true, GATEHOUSE_MASTER_KEY_PREVIOUS: true })
  .extend({
    /** Where npm was called; scripts themselves run in the folder of package.json. */
    INIT_CWD: z.string().optional(),
  });

export type CommandEnvironment = Pick<
  RegistryConfig,
  'DATABASE_URL' | 'GATEHOUSE_MASTER_KEY' | 'GATEHOUSE_MASTER_KEY_PREVIOUS'
>;

/**
 * The database and the keys that a command works with.
 *
 * @param dataDirectory of a Gatehouse that `npm start` runs; what the environment sets outranks its keys
 * @throws {ConfigurationInvalid | DataDirectoryNotRunning}
 */
export async function commandEnvironment(
  dataDirectory: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<CommandEnvironment> {
  if (dataDirectory === undefined) return readConfig(commandConfig, environment);
  const directory = resolve(environment['INIT_CWD'] ?? '.', dataDirectory);
  return readConfig(commandConfig, {
    GATEHOUSE_MASTER_KEY: await secretOf(directory, 'master-key'),
    ...environment,
    DATABASE_URL: await secretOf(directory, 'database-url'),
  });
}

async function secretOf(directory: string, file: string): Promise<string> {
  try {
    return (await readFile(join(directory, file), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new DataDirectoryNotRunning(directory, file);
    throw error;
  }
}
