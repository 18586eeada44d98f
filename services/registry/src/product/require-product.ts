import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { ProductNotFound } from './product.failures.ts';

/**
 * Makes sure that a product is there, and that it stays until the transaction ends.
 *
 * @throws {ProductNotFound}
 */
export async function requireProduct(db: RegistryTransaction, productKey: string): Promise<void> {
  const row = await db
    .selectFrom('product_view')
    .select('product_key')
    .where('product_key', '=', productKey)
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw new ProductNotFound(productKey);
}

/**
 * Those of the products that are there; each stays until the transaction ends.
 *
 * A device's row may only be written by who holds its product: rows go with their product, and one that is
 * written a moment later would be of no product and never go.
 */
export async function holdProducts(
  db: RegistryTransaction,
  productKeys: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('product_view')
    .select('product_key')
    .where('product_key', '=', sql<string>`any(${[...productKeys]}::text[])`)
    .orderBy('product_key')
    .forKeyShare()
    .execute();
  return new Set(rows.map(({ product_key }) => product_key));
}
