import { Failure } from '@gatehouse/failure';

/** Nothing is known about the gateway at the moment. */
export class GatewayNotDescribed extends Failure {
  readonly code = 'AUTH_GATEWAY_NOT_DESCRIBED';
  readonly kind = 'unavailable';

  constructor(readonly gatewayId: string) {
    super(`the registry did not describe gateway ${gatewayId} in time; try again in a moment`);
  }
}

export class TooManyAuthenticationTests extends Failure {
  readonly code = 'AUTH_TESTS_TOO_MANY';
  readonly kind = 'rate-limited';

  constructor(readonly testsAtOnce: number) {
    super(`${testsAtOnce} authenticators are being tested and as many wait; try again when they are done`);
  }
}
