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
