import { Failure } from '@gatehouse/failure';

export class ParsingRetryRunning extends Failure {
  readonly code = 'REGISTRY_PARSING_RETRY_RUNNING';
  readonly kind = 'conflict';

  constructor(readonly productKey: string) {
    super(
      `failed messages of product ${productKey} are being parsed again already; try again when that is done`,
    );
  }
}
