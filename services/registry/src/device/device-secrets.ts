import { passwordHash, type PasswordHash } from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { SealedSecret, SecretSealer } from '../secrets/sealed-secret.ts';
import { deviceStream } from '../stream-names.ts';
import type { DeviceKey } from './device-rows.ts';

/**
 * The password hashes of devices, sealed under the master key: who has the database alone can guess no
 * password, however short.
 */
export class DeviceSecrets {
  constructor(private readonly sealer: SecretSealer) {}

  seal({ productKey, deviceName }: DeviceKey, hash: PasswordHash): SealedSecret {
    return this.sealer.seal(JSON.stringify(hash), deviceStream(productKey, deviceName));
  }

  /** @throws {SecretNotReadable} when it was sealed under another key, for another device, or altered */
  open({ productKey, deviceName }: DeviceKey, secret: SealedSecret): PasswordHash {
    return passwordHash.parse(JSON.parse(this.sealer.open(secret, deviceStream(productKey, deviceName))));
  }

  /** Those of new devices of one product, with one statement. */
  async keepNew(
    db: RegistryTransaction,
    productKey: string,
    names: readonly string[],
    secrets: readonly SealedSecret[],
  ): Promise<void> {
    const rows = names.map((name, index) => ({
      n: name,
      k: secrets[index]?.keyId,
      s: secrets[index]?.sealed,
    }));
    await sql`
      insert into device_secret (product_key, device_name, key_id, sealed_password)
      select ${productKey}, n, k, s
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (n text, k text, s text)
      order by n collate "C"`.execute(db);
  }

  /** Or its first: a device that an authenticator named had none. */
  async replace(db: RegistryTransaction, device: DeviceKey, { keyId, sealed }: SealedSecret): Promise<void> {
    const secret = { key_id: keyId, sealed_password: sealed };
    await db
      .insertInto('device_secret')
      .values({ product_key: device.productKey, device_name: device.deviceName, ...secret })
      .onConflict((conflict) => conflict.columns(['product_key', 'device_name']).doUpdateSet(secret))
      .execute();
  }

  async forget(db: RegistryTransaction, { productKey, deviceName }: DeviceKey): Promise<void> {
    await db
      .deleteFrom('device_secret')
      .where('product_key', '=', productKey)
      .where('device_name', '=', deviceName)
      .execute();
  }
}
