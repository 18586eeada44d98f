import type { Page, ProductView } from '@gatehouse/contracts';
import type { Selectable } from 'kysely';
import type { ProductViewTable, RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { ProductNotFound } from './product.failures.ts';

export class ProductQueries {
  constructor(private readonly db: RegistryDb) {}

  async list({ limit, after }: PageRequest): Promise<Page<ProductView>> {
    const rows = await this.db
      .selectFrom('product_view')
      .selectAll()
      .where('product_key', '>', after ?? '')
      .orderBy('product_key')
      .limit(limit + 1)
      .execute();
    return pageOfRows(rows, limit, { item: viewOf, cursor: (row) => row.product_key });
  }

  /**
   * @param db the transaction of a command, to decide on what it sees
   * @throws {ProductNotFound}
   */
  async get(productKey: string, db: RegistryDb = this.db): Promise<ProductView> {
    const row = await db
      .selectFrom('product_view')
      .selectAll()
      .where('product_key', '=', productKey)
      .executeTakeFirst();
    if (row === undefined) throw new ProductNotFound(productKey);
    return viewOf(row);
  }
}

function viewOf(row: Selectable<ProductViewTable>): ProductView {
  return {
    productKey: row.product_key,
    name: row.name,
    gatewayId: row.gateway_id,
    createdAt: row.created_at.toISOString(),
  };
}
