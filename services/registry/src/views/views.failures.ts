import { Failure } from '@gatehouse/failure';

/** Only one process at a time makes views anew. */
export class RebuildRunning extends Failure {
  readonly code = 'REGISTRY_REBUILD_RUNNING';
  readonly kind = 'conflict';

  constructor() {
    super('another process rebuilds or verifies the views of this database; wait until it has ended');
  }
}

/** The new views are complete but for their last events, and nobody lets go of the old ones. */
export class RebuildHeldUp extends Failure {
  readonly code = 'REGISTRY_REBUILD_HELD_UP';
  readonly kind = 'unavailable';

  constructor(readonly reason: string) {
    super(
      `the new views could not take the place of the old ones: ${reason}; nothing was changed, run it again ` +
        'when long transactions have ended (pg_stat_activity shows them)',
    );
  }
}
