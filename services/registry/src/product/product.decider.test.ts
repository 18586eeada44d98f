import { deciderSpec } from '@gatehouse/testing';
import { test } from 'vitest';
import { productDecider } from './product.decider.ts';
import type { ProductEvent } from './product.events.ts';

const { given } = deciderSpec(productDecider);
const product = { productKey: 'a1abcdefghi', gatewayId: 'gw-abcdefghij', name: 'Gateway+gw-abcdefghij' };
const created: ProductEvent = { type: 'ProductCreated', data: product };
const deleted: ProductEvent = { type: 'ProductDeleted', data: { productKey: product.productKey } };

test('a product is created once', () => {
  given()
    .when({ type: 'CreateProduct', ...product })
    .expectEvents(created);
  given(created)
    .when({ type: 'CreateProduct', ...product })
    .expectNoEvents();
});

test('a product is deleted once', () => {
  given(created).when({ type: 'DeleteProduct', productKey: product.productKey }).expectEvents(deleted);
  given(created, deleted)
    .when({ type: 'DeleteProduct', productKey: product.productKey })
    .expectFailure('REGISTRY_PRODUCT_NOT_FOUND');
});
