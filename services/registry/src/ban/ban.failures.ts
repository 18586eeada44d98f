import { Failure } from '@gatehouse/failure';

export class BanNotFound extends Failure {
  readonly code = 'REGISTRY_BAN_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(
    readonly gatewayId: string,
    readonly address: string,
  ) {
    super(`${address} is not banned from gateway ${gatewayId}, or is no longer`);
  }
}
