import { Failure } from '@gatehouse/failure';

/** A server process ended, or did not become ready, before it could be used. */
export class ServerDidNotStart extends Failure {
  readonly code = 'LOCAL_SERVER_DID_NOT_START';
  readonly kind = 'unavailable';

  constructor(
    readonly server: string,
    readonly reason: string,
  ) {
    super(`${server} did not start: ${reason}`);
  }
}

/** A program that Gatehouse needs is not here and cannot be fetched. */
export class ProgramMissing extends Failure {
  readonly code = 'LOCAL_PROGRAM_MISSING';
  readonly kind = 'unavailable';

  constructor(
    readonly program: string,
    readonly advice: string,
  ) {
    super(`${program} is missing: ${advice}`);
  }
}
