import { Failure } from '@gatehouse/failure';

export class TooManyMessageStreams extends Failure {
  readonly code = 'REGISTRY_MESSAGE_STREAMS_EXCEEDED';
  readonly kind = 'rate-limited';

  constructor(readonly limit: number) {
    super(
      `this instance serves ${limit} message streams already; close one, or read the NATS stream MESSAGES`,
    );
  }
}
