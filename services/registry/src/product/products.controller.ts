import { pageQuery, productPage, productView, type Page, type ProductView } from '@gatehouse/contracts';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ProductQueries } from './product-views.queries.ts';

@ApiTags('products')
@ApiBearerAuth()
@Controller('api/v1/products')
export class ProductsController {
  constructor(@Inject(ProductQueries) private readonly queries: ProductQueries) {}

  @Get()
  @ApiOperation({ summary: 'List products' })
  @ApiOkResponse({ standardSchema: productPage })
  list(@Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>): Promise<Page<ProductView>> {
    return this.queries.list(page);
  }

  @Get(':productKey')
  @ApiOperation({ summary: 'One product' })
  @ApiOkResponse({ standardSchema: productView })
  get(@Param('productKey') productKey: string): Promise<ProductView> {
    return this.queries.get(productKey);
  }
}
