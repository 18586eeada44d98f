import { Failure, type FailureKind } from '@gatehouse/failure';

const STATUS: Readonly<Record<FailureKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'rate-limited': 429,
  'not-offered': 422,
  timeout: 504,
  unavailable: 503,
  internal: 500,
};

/** The HTTP status of a kind of failure (RFC 9110 §15), used as the ADR-32 error code too. */
export function httpStatusOf(kind: FailureKind): number {
  return STATUS[kind];
}

/** Something broke that no code names; the log has the cause, the caller a trace id to quote. */
export class Unexpected extends Failure {
  readonly code = 'SERVICE_UNEXPECTED';
  readonly kind = 'internal';

  constructor(override readonly cause: unknown) {
    super('something went wrong here; the log of the service says more');
  }
}

export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Unexpected(error);
}
