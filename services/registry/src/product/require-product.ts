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
