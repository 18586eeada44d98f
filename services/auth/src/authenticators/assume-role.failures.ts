import { Failure } from '@gatehouse/failure';
import type { AssumedRole } from './authenticator.ts';

/** STS refused the role of a function, or said nothing that can be used. */
export class RoleNotAssumed extends Failure {
  readonly code = 'AUTH_ROLE_NOT_ASSUMED';
  readonly kind = 'unavailable';

  constructor(
    message: string,
    /** For people; holds no secret. */
    readonly call: AssumedRole,
  ) {
    super(message);
  }
}
