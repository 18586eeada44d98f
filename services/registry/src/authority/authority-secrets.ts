import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { SealedSecret, SecretSealer } from '../secrets/sealed-secret.ts';
import { authorityStream } from '../stream-names.ts';

/** The private keys of authorities: sealed, in a table of their own, gone with the authority. */
export class AuthoritySecrets {
  constructor(private readonly sealer: SecretSealer) {}

  async keep(db: RegistryTransaction, authorityId: string, key: KeyObject): Promise<void> {
    const pem = key.export({ format: 'pem', type: 'pkcs8' });
    const { keyId, sealed } = this.sealer.seal(pem, authorityStream(authorityId));
    await db
      .insertInto('authority_secret')
      .values({ authority_id: authorityId, key_id: keyId, sealed_private_key: sealed })
      .execute();
  }

  /** @throws {SecretNotReadable} */
  open(authorityId: string, sealed: SealedSecret): KeyObject {
    return createPrivateKey(this.sealer.open(sealed, authorityStream(authorityId)));
  }

  async forget(db: RegistryTransaction, authorityId: string): Promise<void> {
    await db.deleteFrom('authority_secret').where('authority_id', '=', authorityId).execute();
  }
}
