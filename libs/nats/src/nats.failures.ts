import { Failure } from '@gatehouse/failure';

/** Nobody answers the subject: the service is not running, or NATS is away. */
export class ServiceUnreachable extends Failure {
  readonly code = 'BUS_SERVICE_UNREACHABLE';
  readonly kind = 'unavailable';

  constructor(
    readonly subject: string,
    override readonly cause: unknown,
  ) {
    super(`nobody answers ${subject}; is the service running and connected to NATS?`);
  }
}

export class ServiceTimedOut extends Failure {
  readonly code = 'BUS_SERVICE_TIMED_OUT';
  readonly kind = 'timeout';

  constructor(
    readonly subject: string,
    readonly timeoutMs: number,
  ) {
    super(`${subject} did not answer within ${timeoutMs} ms`);
  }
}

/** The request is larger than nats-server takes: asking again would not help. */
export class RequestTooLarge extends Failure {
  readonly code = 'BUS_REQUEST_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(
    readonly subject: string,
    readonly requestBytes: number,
    override readonly cause: unknown,
  ) {
    super(`a request of ${requestBytes} bytes to ${subject} is more than nats-server takes (max_payload)`);
  }
}

export class MalformedReply extends Failure {
  readonly code = 'BUS_REPLY_MALFORMED';
  readonly kind = 'internal';

  constructor(
    readonly subject: string,
    override readonly cause: unknown,
  ) {
    super(`the answer of ${subject} is not what its contract says`);
  }
}

/** JetStream did not take a message; `cause` says why. */
export class PublishRefused extends Failure {
  readonly code = 'BUS_PUBLISH_REFUSED';
  readonly kind = 'unavailable';

  constructor(
    readonly subject: string,
    readonly reason: string,
    /** Over a limit on size: the same message will be refused again, however often it is sent. */
    readonly isTooLarge = false,
    /** A compare-and-set found another revision than it expected. */
    readonly isWrongRevision = false,
  ) {
    super(`the stream did not store a message on ${subject}: ${reason}`);
  }
}
