import { Failure } from '@gatehouse/failure';

export class ApiKeyNotFound extends Failure {
  readonly code = 'REGISTRY_API_KEY_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly apiKeyId: string) {
    super(`there is no API key ${apiKeyId}; GET /api/v1/api-keys lists them`);
  }
}

export class ApiKeyNameTaken extends Failure {
  readonly code = 'REGISTRY_API_KEY_NAME_TAKEN';
  readonly kind = 'conflict';

  constructor(readonly keyName: string) {
    super(`an API key in use is called ${keyName} already; names tell in the event log who did what`);
  }
}

/** The request was carried out before, and what it answers with is shown once. */
export class ApiKeyShownAlready extends Failure {
  readonly code = 'REGISTRY_API_KEY_SHOWN_ALREADY';
  readonly kind = 'conflict';

  constructor(readonly apiKeyId: string) {
    super(
      `this request made the API key ${apiKeyId} before, and only the first answer shows the key itself; ` +
        `if it is lost, DELETE /api/v1/api-keys/${apiKeyId} and make another with a new Idempotency-Key`,
    );
  }
}
