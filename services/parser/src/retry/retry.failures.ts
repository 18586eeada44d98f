import { Failure } from '@gatehouse/failure';

/** There is nothing that the failed messages could be parsed with. */
export class RetryWithoutScript extends Failure {
  readonly code = 'PARSER_RETRY_WITHOUT_SCRIPT';
  readonly kind = 'conflict';

  constructor(readonly productKey: string) {
    super(
      `no script is in force for product ${productKey}: switch the parsing of its gateway on and submit a script, then parse the failed messages again`,
    );
  }
}
