/**
 * What kind of thing went wrong, independent of any transport. Each rim maps it to its own words:
 * HTTP to a status, NATS to a service error code, MQTT to a reason code.
 */
export type FailureKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'too-large'
  | 'rate-limited'
  | 'not-offered'
  | 'timeout'
  | 'unavailable'
  | 'internal';

/** One thing that is wrong with one place of the input; `path` as in `devices[4].username`, empty for the whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/**
 * The base of every error that a caller may see: a public code (docs/errors.md), a kind and one sentence
 * that says what to do. Values that help are fields of the subclass; secrets never are.
 */
export abstract class Failure extends Error {
  /** `<SERVICE>_<THING>_<STATE>`; public, never renamed. */
  abstract readonly code: string;
  abstract readonly kind: FailureKind;
  readonly errors: readonly FieldError[] = [];

  override get name(): string {
    return this.constructor.name;
  }
}

/** A failure that another service answered with: its code and words are passed on as they came. */
export class RemoteFailure extends Failure {
  constructor(
    readonly code: string,
    readonly kind: FailureKind,
    message: string,
    override readonly errors: readonly FieldError[] = [],
  ) {
    super(message);
  }
}
