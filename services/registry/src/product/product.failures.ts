import { Failure } from '@gatehouse/failure';

export class ProductNotFound extends Failure {
  readonly code = 'REGISTRY_PRODUCT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly productKey: string) {
    super(`there is no product ${productKey}`);
  }
}
