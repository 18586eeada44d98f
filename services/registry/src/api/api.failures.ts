import { Failure } from '@gatehouse/failure';
import { HttpFailure } from '@gatehouse/nest';

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="gatehouse"' };

export class ApiKeyMissing extends HttpFailure {
  readonly code = 'REGISTRY_API_KEY_MISSING';
  readonly kind = 'unauthenticated';
  readonly status = 401;
  override readonly headers = CHALLENGE;

  constructor() {
    super('an API key is needed: send the header "Authorization: Bearer <api key>"');
  }
}

/** Never made, revoked, or mistyped: which of them is nobody's business. */
export class ApiKeyInvalid extends HttpFailure {
  readonly code = 'REGISTRY_API_KEY_INVALID';
  readonly kind = 'unauthenticated';
  readonly status = 401;
  override readonly headers = {
    'WWW-Authenticate': 'Bearer realm="gatehouse", error="invalid_token"',
  };

  constructor() {
    super('this API key is not valid, or is no longer');
  }
}

export class TooManyFailedAttempts extends HttpFailure {
  readonly code = 'REGISTRY_API_KEY_ATTEMPTS_EXCEEDED';
  readonly kind = 'rate-limited';
  readonly status = 429;
  override readonly headers: Readonly<Record<string, string>>;

  constructor(readonly retryAfterSeconds: number) {
    super(`too many requests with invalid API keys; try again in ${retryAfterSeconds} s`);
    this.headers = { 'Retry-After': String(retryAfterSeconds) };
  }
}

export class RoleInsufficient extends Failure {
  readonly code = 'REGISTRY_ROLE_INSUFFICIENT';
  readonly kind = 'forbidden';

  constructor(
    readonly role: string,
    readonly required: string,
  ) {
    super(`this needs an API key with the role ${required}; this one has the role ${role}`);
  }
}
