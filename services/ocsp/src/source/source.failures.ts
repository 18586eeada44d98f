import { Failure } from '@gatehouse/failure';

/** Why one responder or CRL was of no use; the words go into the verdict `unknown`. */
export abstract class SourceFailure extends Failure {}

export class SourceHostBusy extends SourceFailure {
  readonly code = 'OCSP_HOST_BUSY';
  readonly kind = 'rate-limited';

  constructor(readonly host: string) {
    super(`too many questions wait for ${host}`);
  }
}

export class SourceHostResting extends SourceFailure {
  readonly code = 'OCSP_HOST_RESTING';
  readonly kind = 'unavailable';

  constructor(readonly host: string) {
    super(`${host} is not asked for a moment: too many calls of the last seconds failed`);
  }
}

export class SourceHostFailed extends SourceFailure {
  readonly code = 'OCSP_HOST_FAILED';
  readonly kind = 'unavailable';

  constructor(
    readonly host: string,
    readonly reason: string,
  ) {
    super(`${host} ${reason}`);
  }
}

/** It answered, but not with something that may be used. */
export class SourceAnswerUnusable extends SourceFailure {
  readonly code = 'OCSP_ANSWER_UNUSABLE';
  readonly kind = 'unavailable';

  constructor(
    readonly host: string,
    readonly reason: string,
    override readonly cause?: unknown,
  ) {
    super(`the answer of ${host} cannot be used: ${reason}`);
  }
}

export class SourceTimeOver extends SourceFailure {
  readonly code = 'OCSP_TIME_OVER';
  readonly kind = 'timeout';

  constructor(readonly host: string) {
    super(`there was no time left for ${host}`);
  }
}
