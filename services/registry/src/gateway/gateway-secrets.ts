import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { SecretNotReadable } from '../secrets/secrets.failures.ts';
import { gatewayStream } from '../stream-names.ts';

/** What gateways have and the log must not: sealed, in tables of their own, gone with the gateway. */
export class GatewaySecrets {
  constructor(private readonly sealer: SecretSealer) {}

  /** @param fingerprint of the certificate that the key belongs to */
  async keepPrivateKey(
    db: RegistryTransaction,
    { gatewayId, fingerprint }: { readonly gatewayId: string; readonly fingerprint: string },
    privateKeyPem: string,
  ): Promise<void> {
    const { keyId, sealed } = this.sealer.seal(privateKeyPem, gatewayStream(gatewayId));
    const secret = { key_id: keyId, sealed_private_key: sealed };
    await db
      .insertInto('gateway_secret')
      .values({ gateway_id: gatewayId, fingerprint, ...secret })
      .onConflict((conflict) => conflict.columns(['gateway_id', 'fingerprint']).doUpdateSet(secret))
      .execute();
  }

  /** @param needed fingerprints of the certificates whose keys stay */
  async forgetOtherPrivateKeys(
    db: RegistryTransaction,
    gatewayId: string,
    needed: readonly string[],
  ): Promise<void> {
    await db
      .deleteFrom('gateway_secret')
      .where('gateway_id', '=', gatewayId)
      .where('fingerprint', 'not in', [...needed])
      .execute();
  }

  async keepAccessKeySecret(db: RegistryTransaction, gatewayId: string, text: string): Promise<void> {
    const { keyId, sealed } = this.sealer.seal(text, placeOfAccessKeySecret(gatewayId));
    const secret = { key_id: keyId, sealed_access_key_secret: sealed };
    await db
      .insertInto('gateway_authentication_secret')
      .values({ gateway_id: gatewayId, ...secret })
      .onConflict((conflict) => conflict.column('gateway_id').doUpdateSet(secret))
      .execute();
  }

  /** Undefined when there is none, and when it was sealed under a key that is gone. */
  async accessKeySecret(db: RegistryTransaction, gatewayId: string): Promise<string | undefined> {
    const row = await db
      .selectFrom('gateway_authentication_secret')
      .select(['key_id', 'sealed_access_key_secret'])
      .where('gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    try {
      const sealed = { keyId: row.key_id, sealed: row.sealed_access_key_secret };
      return this.sealer.open(sealed, placeOfAccessKeySecret(gatewayId));
    } catch (error) {
      if (error instanceof SecretNotReadable) return undefined;
      throw error;
    }
  }

  async forgetAccessKeySecret(db: RegistryTransaction, gatewayId: string): Promise<void> {
    await db.deleteFrom('gateway_authentication_secret').where('gateway_id', '=', gatewayId).execute();
  }

  async forget(db: RegistryTransaction, gatewayId: string): Promise<void> {
    await db.deleteFrom('gateway_secret').where('gateway_id', '=', gatewayId).execute();
    await this.forgetAccessKeySecret(db, gatewayId);
  }
}

/** What the secret of an access key is sealed for. */
export function placeOfAccessKeySecret(gatewayId: string): string {
  return `${gatewayStream(gatewayId)}/access-key-secret`;
}
