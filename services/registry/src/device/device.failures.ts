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

/** Rows are wrong, so none was imported: `errors` names each. */
export class ImportRowsInvalid extends Failure {
  readonly code = 'REGISTRY_IMPORT_ROWS_INVALID';
  readonly kind = 'invalid';

  constructor(override readonly errors: readonly FieldError[]) {
    super(`nothing was imported: ${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in the rows`);
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
