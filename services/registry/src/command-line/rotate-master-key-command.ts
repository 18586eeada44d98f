import type { RegistryDb } from '../schema/registry-database.ts';
import { rotateSecrets } from '../secrets/secret-rotation.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';

/** @returns the exit code: 1 when secrets are left that neither key opens */
export async function runRotation(
  db: RegistryDb,
  sealer: SecretSealer,
  say: (line: string) => void,
): Promise<number> {
  const { resealed, unreadable } = await rotateSecrets(db, sealer, (soFar) => say(`${soFar} secrets`));
  say(`${resealed} secrets were sealed under the key ${sealer.keyId}`);
  if (unreadable.length === 0) {
    say('no secret is left under another key: GATEHOUSE_MASTER_KEY_PREVIOUS is needed no more');
    return 0;
  }
  say(`${unreadable.length} secrets can be read with neither key and stay as they are, such as:`);
  for (const { place, keyId } of unreadable.slice(0, 10)) say(`  ${place}, sealed under the key ${keyId}`);
  return 1;
}
