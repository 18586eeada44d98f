import type { ProductView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ProductsController } from './products.controller.ts';

const PRODUCT: ProductView = {
  productKey: EXAMPLE.productKey,
  name: `Gateway+${EXAMPLE.gatewayId}`,
  gatewayId: EXAMPLE.gatewayId,
  createdAt: '2026-11-21T03:10:00.000Z',
};

export const productsDocs: DocsOf<ProductsController> = {
  list: {
    answer: {
      description: 'A page of products, by key; `next` is null on the last',
      example: { items: [PRODUCT], next: null },
    },
    parameters: pageParameters(EXAMPLE.productKey),
  },
  get: {
    answer: { description: 'The product', example: PRODUCT },
    problems: ['REGISTRY_PRODUCT_NOT_FOUND'],
  },
};
