import { sql, type QueryExecutorProvider } from 'kysely';
import type { SecretSealer } from '../../secrets/sealed-secret.ts';

const ROWS_AT_ONCE = 1_000;

interface UnsealedRow {
  readonly product_key: string;
  readonly device_name: string;
  readonly password: object;
}

/** Part of 0007-device-imports: password hashes stood unsealed before. */
export async function sealPasswords(db: QueryExecutorProvider, sealer: SecretSealer): Promise<void> {
  for (;;) {
    const { rows } = await sql<UnsealedRow>`
      select product_key, device_name, password from device_secret
      where sealed_password is null limit ${ROWS_AT_ONCE}`.execute(db);
    if (rows.length === 0) return;
    const sealed = rows.map(({ product_key, device_name, password }) =>
      sealer.seal(JSON.stringify(password), `device/${product_key}/${device_name}`),
    );
    await sql`
      update device_secret set key_id = ${sealer.keyId}, sealed_password = new.sealed
      from unnest(
        ${rows.map(({ product_key }) => product_key)}::text[],
        ${rows.map(({ device_name }) => device_name)}::text[],
        ${sealed.map((secret) => secret.sealed)}::text[]
      ) as new (product_key, device_name, sealed)
      where device_secret.product_key = new.product_key and device_secret.device_name = new.device_name`.execute(
      db,
    );
  }
}
