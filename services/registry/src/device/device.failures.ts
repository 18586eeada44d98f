import type { ImportRowError } from '@gatehouse/contracts';
import { Failure, type FieldError } from '@gatehouse/failure';

export class DeviceNotFound extends Failure {
  readonly code = 'REGISTRY_DEVICE_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(
    readonly productKey: string,
    readonly deviceName: string,
  ) {
    super(`there is no device ${deviceName} in product ${productKey}`);
  }
}

export class DeviceNameTaken extends Failure {
  readonly code = 'REGISTRY_DEVICE_NAME_TAKEN';
  readonly kind = 'conflict';

  constructor(
    readonly productKey: string,
    readonly deviceName: string,
  ) {
    super(`device name ${deviceName} is taken in product ${productKey}`);
  }
}

export class ImportTooLarge extends Failure {
  readonly code = 'REGISTRY_IMPORT_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(
    readonly rows: number,
    readonly maxRows: number,
  ) {
    super(`the import has ${rows} rows, and one call takes ${maxRows}; nothing was imported, split it`);
  }
}

export class ImportEmpty extends Failure {
  readonly code = 'REGISTRY_IMPORT_EMPTY';
  readonly kind = 'invalid';

  constructor() {
    super('there is no device to import: give at least one');
  }
}

/** Rows are wrong, so none was imported: `errors` names each. */
export class ImportRowsInvalid extends Failure {
  readonly code = 'REGISTRY_IMPORT_ROWS_INVALID';
  readonly kind = 'invalid';

  override readonly errors: readonly FieldError[];

  constructor(
    readonly importId: string,
    readonly rowErrors: readonly ImportRowError[],
  ) {
    super(
      `nothing was imported: ${rowErrors.length} ${rowErrors.length === 1 ? 'error' : 'errors'} in the rows; ` +
        `GET …/imports/${importId}/invalid-rows has them as CSV`,
    );
    this.errors = rowErrors.map(({ path, reason }) => ({ path, message: reason }));
  }
}

export class ImportNotFound extends Failure {
  readonly code = 'REGISTRY_IMPORT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly importId: string) {
    super(`the product has no import ${importId}`);
  }
}

/** Nobody is answered with it: it is the result of an import whose instance is gone. */
export class ImportInterrupted extends Failure {
  readonly code = 'REGISTRY_IMPORT_INTERRUPTED';
  readonly kind = 'unavailable';

  constructor() {
    super('the registry stopped before the import was committed; nothing was imported, send it again');
  }
}

export class ImportsExceeded extends Failure {
  readonly code = 'REGISTRY_IMPORTS_EXCEEDED';
  readonly kind = 'rate-limited';

  constructor(readonly limit: number) {
    super(
      `this instance runs ${limit} imports already; nothing was imported, send it again when one is done`,
    );
  }
}

export class ImportCsvMalformed extends Failure {
  readonly code = 'REGISTRY_IMPORT_CSV_MALFORMED';
  readonly kind = 'invalid';
  override readonly errors: readonly FieldError[];

  constructor(
    readonly line: number,
    reason: string,
  ) {
    super(`line ${line} of the CSV ${reason}`);
    this.errors = [{ path: `line ${line}`, message: reason }];
  }
}

/** What an authenticator named cannot be a device. */
export class DeviceNameInvalid extends Failure {
  readonly code = 'REGISTRY_DEVICE_NAME_INVALID';
  readonly kind = 'invalid';

  constructor() {
    super('a device name has 4 to 32 letters, digits or - _ @ . :');
  }
}

/** More first connections at one moment than are made devices of in time. */
export class DeviceCreationsExceeded extends Failure {
  readonly code = 'REGISTRY_DEVICE_CREATIONS_EXCEEDED';
  readonly kind = 'rate-limited';

  constructor(readonly limit: number) {
    super(`${limit} first connections wait for their devices already; try again in a moment`);
  }
}
