import { Failure, type FieldError } from '@gatehouse/failure';
import { HttpFailure } from '@gatehouse/nest';

export class GatewayNotFound extends Failure {
  readonly code = 'REGISTRY_GATEWAY_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly gatewayId: string) {
    super(`there is no gateway ${gatewayId}`);
  }
}

export class GatewayNameTaken extends Failure {
  readonly code = 'REGISTRY_GATEWAY_NAME_TAKEN';
  readonly kind = 'conflict';
  override readonly errors: readonly FieldError[] = [
    { path: 'name', message: 'is taken by another gateway' },
  ];

  constructor(readonly gatewayName: string) {
    super(`another gateway is named ${gatewayName}; choose another name`);
  }
}

export class GatewayPortTaken extends Failure {
  readonly code = 'REGISTRY_GATEWAY_PORT_TAKEN';
  readonly kind = 'conflict';
  override readonly errors: readonly FieldError[] = [
    { path: 'port', message: 'is taken by another gateway' },
  ];

  constructor(
    readonly port: number,
    readonly hostname: string | null,
  ) {
    super(
      hostname === null
        ? `another gateway listens on port ${port}; choose another port, or give each gateway on it a host name of its own`
        : `another gateway listens on port ${port} for ${hostname} or for every name; choose another port, or give each gateway on it a host name of its own`,
    );
  }
}

/** Several things are wrong with a gateway's description, or one that has no code of its own. */
export class GatewayInputInvalid extends Failure {
  readonly code = 'REGISTRY_GATEWAY_INPUT_INVALID';
  readonly kind = 'invalid';

  constructor(override readonly errors: readonly FieldError[]) {
    super(`the gateway cannot be so: ${inWords(errors)}`);
  }
}

/** What was settled when the gateway was created. */
export class GatewayFieldImmutable extends Failure {
  readonly code = 'REGISTRY_GATEWAY_FIELD_IMMUTABLE';
  readonly kind = 'invalid';

  constructor(override readonly errors: readonly FieldError[]) {
    super(`it cannot be changed: ${inWords(errors)}; create another gateway to have it otherwise`);
  }
}

/** Throws what is wrong: a single problem under its own code, several together, one for each place. */
export function refuse(problems: readonly Failure[]): void {
  const places = new Map<string, FieldError>();
  const telling = problems.filter(({ errors }) => {
    const news = errors.filter(({ path }) => !places.has(path));
    for (const error of news) places.set(error.path, error);
    return news.length > 0;
  });
  const [first, ...others] = telling;
  if (first === undefined) return;
  throw others.length === 0 ? first : new GatewayInputInvalid([...places.values()]);
}

function inWords(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => `${path} ${message}`).join('; ');
}

/** Somebody else has changed it since it was read: the If-Match of a request does not hold. */
export class GatewayVersionMismatch extends HttpFailure {
  readonly code = 'REGISTRY_GATEWAY_VERSION_MISMATCH';
  readonly kind = 'conflict';
  readonly status = 412;
  override readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly gatewayId: string,
    readonly version: number,
  ) {
    super(`gateway ${gatewayId} has changed since you read it: it is at version ${version}; read it again`);
    this.headers = { ETag: `"${version}"` };
  }
}

/** It checks imported credentials itself. */
export class GatewayHasNoAuthenticator extends Failure {
  readonly code = 'REGISTRY_GATEWAY_HAS_NO_AUTHENTICATOR';
  readonly kind = 'conflict';

  constructor(readonly gatewayId: string) {
    super(`gateway ${gatewayId} has one-way authentication: it checks imported credentials and calls nobody`);
  }
}

export class GatewayHasOnlineDevices extends Failure {
  readonly code = 'REGISTRY_GATEWAY_HAS_ONLINE_DEVICES';
  readonly kind = 'conflict';

  constructor(readonly gatewayId: string) {
    super(`devices are online at gateway ${gatewayId}; disconnect them first, or delete it with force=true`);
  }
}
