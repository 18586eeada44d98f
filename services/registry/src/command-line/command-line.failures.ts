import { Failure } from '@gatehouse/failure';

/** The words after `npm run registry --` are none of the commands. */
export class CommandLineInvalid extends Failure {
  readonly code = 'REGISTRY_COMMAND_LINE_INVALID';
  readonly kind = 'invalid';

  constructor(reason: string) {
    super(`${reason}; npm run registry -- help lists the commands`);
  }
}

/** A folder that is not that of a running Gatehouse. */
export class DataDirectoryNotRunning extends Failure {
  readonly code = 'REGISTRY_DATA_DIRECTORY_NOT_RUNNING';
  readonly kind = 'unavailable';

  constructor(
    readonly directory: string,
    file: string,
  ) {
    super(`no Gatehouse runs in ${directory}: ${file} is not there; start it with npm start`);
  }
}
