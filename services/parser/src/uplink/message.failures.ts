import { Failure } from '@gatehouse/failure';

/** NATS would never take the message: with the headers that carry its properties it is over a limit. */
export class MessageTooLarge extends Failure {
  readonly code = 'PARSER_MESSAGE_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(reason: string) {
    super(`the message cannot be stored: ${reason}; send less in its payload or its user properties`);
  }
}

/** The stream MESSAGES refuses this one message for good and takes its neighbours. */
export class MessageRefused extends Failure {
  readonly code = 'PARSER_MESSAGE_REFUSED';
  readonly kind = 'invalid';

  constructor(reason: string) {
    super(`the stream does not take the message: ${reason}; see the limits of the stream MESSAGES`);
  }
}
