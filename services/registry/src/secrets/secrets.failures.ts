import { Failure } from '@gatehouse/failure';

/** A secret was sealed under another master key than the one that this process was given. */
export class SecretNotReadable extends Failure {
  readonly code = 'REGISTRY_SECRET_NOT_READABLE';
  readonly kind = 'internal';

  constructor(readonly keyId: string) {
    super(
      `a secret was sealed under the master key ${keyId}, which this process does not have, or was altered; ` +
        'start it with the GATEHOUSE_MASTER_KEY that was in use then',
    );
  }
}
