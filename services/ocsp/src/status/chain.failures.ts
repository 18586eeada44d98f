import { Failure } from '@gatehouse/failure';

export class ChainUnreadable extends Failure {
  readonly code = 'OCSP_CHAIN_UNREADABLE';
  readonly kind = 'invalid';

  constructor(override readonly cause: unknown) {
    super('the chain holds something that is no certificate in PEM; send one certificate in each place');
  }
}
