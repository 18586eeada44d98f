import { Failure, type FieldError } from '@gatehouse/failure';
import type { SyntaxProblem } from './type-stripping.ts';

export class DraftNotFound extends Failure {
  readonly code = 'REGISTRY_PARSING_DRAFT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly productKey: string) {
    super(`product ${productKey} has no draft of a parsing script; PUT one first`);
  }
}

export class ScriptVersionNotFound extends Failure {
  readonly code = 'REGISTRY_PARSING_VERSION_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(
    readonly productKey: string,
    readonly version: number,
  ) {
    super(`product ${productKey} has no version ${version} of its parsing script`);
  }
}

export class CanaryNotFound extends Failure {
  readonly code = 'REGISTRY_PARSING_CANARY_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly productKey: string) {
    super(`product ${productKey} has no canary; submit a draft with canaryPercent to start one`);
  }
}

export class CanaryWithoutVersion extends Failure {
  readonly code = 'REGISTRY_PARSING_CANARY_WITHOUT_VERSION';
  readonly kind = 'conflict';

  constructor(readonly productKey: string) {
    super(
      `product ${productKey} has no version in force that could parse the other devices; submit without canaryPercent`,
    );
  }
}

export class ScriptEmpty extends Failure {
  readonly code = 'REGISTRY_PARSING_SCRIPT_EMPTY';
  readonly kind = 'invalid';
  override readonly errors: readonly FieldError[] = [{ path: 'code', message: 'is empty' }];

  constructor(readonly productKey: string) {
    super(
      `the draft of product ${productKey} is empty and was not put in force; switch parsing off to pass messages on unchanged`,
    );
  }
}

export class ScriptTooLarge extends Failure {
  readonly code = 'REGISTRY_PARSING_SCRIPT_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(`the script has ${bytes} bytes; ${maxBytes} are allowed`);
  }
}

export class ScriptTrialsExceeded extends Failure {
  readonly code = 'REGISTRY_PARSING_TRIALS_EXCEEDED';
  readonly kind = 'rate-limited';

  constructor(readonly trialsAtOnce: number) {
    super(`the parser is trying ${trialsAtOnce} scripts, as many as it does at once; try again in a moment`);
  }
}

/** Scripts are compiled one after the other. */
export class ScriptCompilerBusy extends Failure {
  readonly code = 'REGISTRY_PARSING_COMPILER_BUSY';
  readonly kind = 'unavailable';

  constructor() {
    super('the registry is compiling other scripts, as many as it lets wait; try again in a moment');
  }
}

export class ScriptSyntaxInvalid extends Failure {
  readonly code = 'REGISTRY_PARSING_SCRIPT_INVALID';
  readonly kind = 'invalid';
  override readonly errors: readonly FieldError[];

  constructor({ line, column, message }: SyntaxProblem) {
    const where =
      line === undefined ? '' : column === undefined ? `line ${line}: ` : `line ${line}, column ${column}: `;
    super(`the script does not compile and was not put in force: ${where}${message}`);
    this.errors = [{ path: 'code', message: `${where}${message}` }];
  }
}
