import type { Page, ProductView } from '@gatehouse/contracts';

export class ProductQueries {
  async list(page: {
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<Page<ProductView>> {
    throw new Error(`${page.limit}`);
  }

  /** @throws {ProductNotFound} */
  async get(productKey: string): Promise<ProductView> {
    throw new Error(productKey);
  }
}
