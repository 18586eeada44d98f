import { X509Certificate } from 'node:crypto';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import type { AuthorityKeys } from './authority-signing.ts';
import type { AuthoritySecrets } from './authority-secrets.ts';
import { AuthorityNotFound } from './authority.failures.ts';

/**
 * Makes sure that an authority is there, and that it stays until the transaction ends.
 *
 * @param isChanging whether the transaction is going to revoke: one at a time then
 * @throws {AuthorityNotFound}
 */
export async function requireAuthority(
  db: RegistryTransaction,
  authorityId: string,
  isChanging = false,
): Promise<void> {
  const query = db
    .selectFrom('authority_view')
    .select('authority_id')
    .where('authority_id', '=', authorityId);
  const row = await (isChanging ? query.forNoKeyUpdate() : query.forKeyShare()).executeTakeFirst();
  if (row === undefined) throw new AuthorityNotFound(authorityId);
}

/** @throws {AuthorityNotFound | SecretNotReadable} */
export async function authorityKeys(
  db: RegistryDb,
  authorityId: string,
  secrets: AuthoritySecrets,
): Promise<AuthorityKeys> {
  const row = await db
    .selectFrom('authority_view')
    .innerJoin('authority_secret', 'authority_secret.authority_id', 'authority_view.authority_id')
    .select(['certificate', 'key_id', 'sealed_private_key'])
    .where('authority_view.authority_id', '=', authorityId)
    .executeTakeFirst();
  if (row === undefined) throw new AuthorityNotFound(authorityId);
  return {
    certificate: new X509Certificate(row.certificate),
    key: secrets.open(authorityId, { keyId: row.key_id, sealed: row.sealed_private_key }),
  };
}
