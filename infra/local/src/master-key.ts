import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import type { DataDirectory } from './data-directory.ts';
import { MasterKeyMissing } from './local.failures.ts';
import { readSecret, writeSecret } from './secret-file.ts';

const KEY_BYTES = 32;

/**
 * The key that private keys are sealed under: the one given, else the one of this data directory, made at
 * its first start.
 *
 * @throws {MasterKeyMissing} there is a database already, but no key
 */
export async function masterKey(directory: DataDirectory, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const file = directory.at('master-key');
  const kept = await readSecret(file);
  if (kept !== undefined) return kept;
  if (await exists(directory.at('postgres', 'data', 'PG_VERSION'))) throw new MasterKeyMissing(file);
  const key = randomBytes(KEY_BYTES).toString('hex');
  await writeSecret(file, key);
  return key;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
