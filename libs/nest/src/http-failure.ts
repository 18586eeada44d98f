import { Failure, type FailureKind, type FieldError } from '@gatehouse/failure';

/** A failure that only HTTP knows: its status says more than its kind, and headers may belong to it. */
export abstract class HttpFailure extends Failure {
  abstract readonly status: number;
  readonly headers: Readonly<Record<string, string>> = {};
}

export class RequestInvalid extends HttpFailure {
  readonly code = 'HTTP_REQUEST_INVALID';
  readonly kind = 'invalid';
  readonly status = 400;

  constructor(override readonly errors: readonly FieldError[]) {
    super(`the request is not valid: ${errors.map(inWords).join('; ')}`);
  }
}

export class BodyMalformed extends HttpFailure {
  readonly code = 'HTTP_BODY_MALFORMED';
  readonly kind = 'invalid';
  readonly status = 400;

  constructor() {
    super('the request cannot be read: its body must be what its Content-Type says, such as one JSON value');
  }
}

export class RouteUnknown extends HttpFailure {
  readonly code = 'HTTP_ROUTE_UNKNOWN';
  readonly kind = 'not-found';
  readonly status = 404;

  constructor(path: string) {
    super(`there is nothing at ${path}; /api/docs lists what there is`);
  }
}

export class MethodNotAllowed extends HttpFailure {
  readonly code = 'HTTP_METHOD_NOT_ALLOWED';
  readonly kind = 'not-offered';
  readonly status = 405;
  override readonly headers: Readonly<Record<string, string>>;

  constructor(method: string, path: string, allowed: readonly string[]) {
    super(`${path} does not answer ${method}, only ${allowed.join(', ')}`);
    this.headers = { Allow: allowed.join(', ') };
  }
}

export class BodyTooLarge extends HttpFailure {
  readonly code = 'HTTP_BODY_TOO_LARGE';
  readonly kind = 'too-large';
  readonly status = 413;

  constructor() {
    super('the body of the request is too large; send it in parts');
  }
}

export class UrlMalformed extends HttpFailure {
  readonly code = 'HTTP_URL_MALFORMED';
  readonly kind = 'invalid';
  readonly status = 400;

  constructor() {
    super(
      'the address cannot be read: a % must begin two hexadecimal digits (RFC 3986 §2.1), and not those of NUL',
    );
  }
}

export class UrlTooLong extends HttpFailure {
  readonly code = 'HTTP_URL_TOO_LONG';
  readonly kind = 'too-large';
  readonly status = 414;

  constructor() {
    super('a part of the path is too long');
  }
}

export class MediaTypeUnsupported extends HttpFailure {
  readonly code = 'HTTP_MEDIA_TYPE_UNSUPPORTED';
  readonly kind = 'not-offered';
  readonly status = 415;

  constructor() {
    super('the Content-Type of the request is not one that is read here; send application/json');
  }
}

/** A status that the framework chose and that has no failure of its own here. */
class HttpRefused extends HttpFailure {
  readonly code = 'HTTP_REQUEST_REFUSED';

  constructor(
    readonly status: number,
    readonly kind: FailureKind,
  ) {
    super(`the request was refused with status ${status}`);
  }
}

/** The failure that a status of the framework means; undefined for those that mean a fault of ours. */
export function httpFailureOf(
  status: number | undefined,
  method: string,
  path: string,
): HttpFailure | undefined {
  switch (status) {
    case undefined:
    case 500:
      return undefined;
    case 400:
      return new BodyMalformed();
    case 404:
      return new RouteUnknown(path);
    case 405:
      return new MethodNotAllowed(method, path, []);
    case 413:
      return new BodyTooLarge();
    case 414:
      return new UrlTooLong();
    case 415:
      return new MediaTypeUnsupported();
    default:
      return new HttpRefused(status, status === 503 ? 'unavailable' : 'invalid');
  }
}

const inWords = ({ path, message }: FieldError): string => (path === '' ? message : `${path} ${message}`);
