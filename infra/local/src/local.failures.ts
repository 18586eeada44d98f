import { Failure } from '@gatehouse/failure';

/** A flag or a variable of the environment that `npm start` cannot use. */
export class OptionInvalid extends Failure {
  readonly code = 'LOCAL_OPTION_INVALID';
  readonly kind = 'invalid';
}

export class PortTaken extends Failure {
  readonly code = 'LOCAL_PORT_TAKEN';
  readonly kind = 'conflict';

  constructor(
    readonly port: number,
    /** What to do about it. */
    readonly advice: string,
  ) {
    super(`port ${port} is taken by another program: ${advice}`);
  }
}

export class DataDirectoryUnusable extends Failure {
  readonly code = 'LOCAL_DATA_DIRECTORY_UNUSABLE';
  readonly kind = 'invalid';

  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(`the data directory ${path} cannot be used: ${reason}`);
  }
}

export class DataDirectoryInUse extends Failure {
  readonly code = 'LOCAL_DATA_DIRECTORY_IN_USE';
  readonly kind = 'conflict';

  constructor(
    readonly path: string,
    readonly pid: number,
  ) {
    super(
      `the data directory ${path} is in use by process ${pid}: stop that one first, or choose another ` +
        'directory with --data-dir',
    );
  }
}

/** What was sealed under a master key that is no longer there cannot be opened again. */
export class MasterKeyMissing extends Failure {
  readonly code = 'LOCAL_MASTER_KEY_MISSING';
  readonly kind = 'invalid';

  constructor(readonly file: string) {
    super(
      `${file} is missing, and the database holds private keys sealed under it: put the file back, set ` +
        'GATEHOUSE_MASTER_KEY, or start over with --fresh',
    );
  }
}

export class DatabaseUnreachable extends Failure {
  readonly code = 'LOCAL_DATABASE_UNREACHABLE';
  readonly kind = 'unavailable';

  constructor(
    /** Without user and password. */
    readonly address: string,
    readonly reason: string,
  ) {
    super(`DATABASE_URL points to ${address}, which cannot be used: ${reason}`);
  }
}

export class NatsUnreachable extends Failure {
  readonly code = 'LOCAL_NATS_UNREACHABLE';
  readonly kind = 'unavailable';

  constructor(
    /** Without user and password. */
    readonly address: string,
    readonly reason: string,
  ) {
    super(`NATS_URL points to ${address}, which cannot be used: ${reason}`);
  }
}

export class ServiceDidNotStart extends Failure {
  readonly code = 'LOCAL_SERVICE_DID_NOT_START';
  readonly kind = 'unavailable';

  constructor(
    readonly service: string,
    readonly reason: string,
  ) {
    super(`the service ${service} did not start: ${reason}`);
  }
}

export class DemoNotCreated extends Failure {
  readonly code = 'LOCAL_DEMO_NOT_CREATED';
  readonly kind = 'internal';

  constructor(
    readonly step: string,
    readonly reason: string,
  ) {
    super(`the demo could not be set up: ${step}: ${reason}`);
  }
}
