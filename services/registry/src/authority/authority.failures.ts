import { Failure } from '@gatehouse/failure';

export class AuthorityNotFound extends Failure {
  readonly code = 'REGISTRY_AUTHORITY_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly authorityId: string) {
    super(`there is no authority ${authorityId}; GET /api/v1/authorities lists them`);
  }
}

export class AuthorityInUse extends Failure {
  readonly code = 'REGISTRY_AUTHORITY_IN_USE';
  readonly kind = 'conflict';

  constructor(
    readonly authorityId: string,
    readonly gatewayIds: readonly string[],
  ) {
    super(
      `${authorityId} is a device root of ${gatewayIds.join(', ')}, whose devices would be neither good nor ` +
        'revoked without it; take it out of their device roots first',
    );
  }
}

export class AuthorityExpired extends Failure {
  readonly code = 'REGISTRY_AUTHORITY_EXPIRED';
  readonly kind = 'conflict';

  constructor(
    readonly authorityId: string,
    readonly notAfter: Date,
  ) {
    super(
      `${authorityId} has expired at ${notAfter.toISOString()}, and so would all that it issues; create another ` +
        'authority and add it to the device roots',
    );
  }
}

export class RevocationListNotSigned extends Failure {
  readonly code = 'REGISTRY_REVOCATION_LIST_NOT_SIGNED';
  readonly kind = 'unavailable';

  constructor(
    readonly authorityId: string,
    readonly reason: string,
  ) {
    super(`the revocation list of ${authorityId} could not be signed: ${reason}; ask again`);
  }
}
