import { Failure } from '@gatehouse/failure';

/** The key of an earlier command came with another one. */
export class IdempotencyKeyReused extends Failure {
  readonly code = 'REGISTRY_IDEMPOTENCY_KEY_REUSED';
  readonly kind = 'conflict';

  constructor(readonly key: string) {
    super(`the Idempotency-Key ${key} was used for another request in the last 24 hours; make a new one`);
  }
}
