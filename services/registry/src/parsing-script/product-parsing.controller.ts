import { getProductParsing, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { ProductParsingQueries } from './parsing-script-views.queries.ts';

/** Answers `registry.v1.get-product-parsing`, for parsers. */
@Controller()
export class ProductParsingController {
  constructor(@Inject(ProductParsingQueries) private readonly queries: ProductParsingQueries) {}

  @Serves(getProductParsing)
  async get({ productKey }: RequestOf<typeof getProductParsing>): Promise<ReplyOf<typeof getProductParsing>> {
    return { parsing: await this.queries.get(productKey) };
  }
}
