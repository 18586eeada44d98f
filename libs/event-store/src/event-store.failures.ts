import { Failure } from '@gatehouse/failure';

/** Somebody else appended first: load the stream again, decide again. */
export class StreamVersionConflict extends Failure {
  readonly code = 'EVENT_STREAM_VERSION_CONFLICT';
  readonly kind = 'conflict';

  constructor(readonly streamIds: readonly string[]) {
    super(
      streamIds.length === 1
        ? `${streamIds[0]} was changed by somebody else at the same moment; try again`
        : `one of ${streamIds.length} streams was changed by somebody else at the same moment; try again`,
    );
  }
}

/** No connection to the database could be had. */
export class DatabaseUnavailable extends Failure {
  readonly code = 'EVENT_DATABASE_UNAVAILABLE';
  readonly kind = 'unavailable';

  constructor(override readonly cause: unknown) {
    super('the database does not answer; nothing was changed, try again in a moment');
  }
}
