import type { Page, ParsingDraftView, ParsingVersionView, ProductParsing } from '@gatehouse/contracts';

export class ParsingScriptQueries {
  /** @throws {ProductNotFound | DraftNotFound} */
  async draft(productKey: string): Promise<ParsingDraftView> {
    throw new Error(productKey);
  }

  /** Newest first; `after` is the last page's `next`. @throws {ProductNotFound} */
  async versions(
    productKey: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<Page<ParsingVersionView>> {
    throw new Error(`${productKey} ${page.limit}`);
  }
}

export class ProductParsingQueries {
  async get(productKey: string): Promise<ProductParsing | null> {
    throw new Error(productKey);
  }
}
