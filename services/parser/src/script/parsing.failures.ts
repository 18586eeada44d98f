import { Failure } from '@gatehouse/failure';

/** The registry is there but has no proper answer to how this product is parsed. */
export class ParsingUnknown extends Failure {
  readonly code = 'PARSER_PARSING_UNKNOWN';
  readonly kind = 'unavailable';

  constructor(reason: string) {
    super(`the registry does not say how the product is parsed: ${reason}`);
  }
}
