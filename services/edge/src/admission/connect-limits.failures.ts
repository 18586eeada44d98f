import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';

/** Refused before anything is asked, for what was seen before; of a flood there may be thousands a second. */
export abstract class RefusedUnasked extends ConnectionFailure {}

export class AddressBanned extends RefusedUnasked {
  readonly code = 'EDGE_ADDRESS_BANNED';
  readonly kind = 'forbidden';
  readonly reasonCode = ReasonCode.Banned;

  /** @param until ISO 8601 */
  constructor(readonly until: string) {
    super(`too many attempts failed from this address; it may connect again after ${until}`);
  }
}

export class FailedAttemptsExceeded extends RefusedUnasked {
  readonly code = 'EDGE_FAILED_ATTEMPTS_EXCEEDED';
  readonly kind = 'rate-limited';
  readonly reasonCode = ReasonCode.ConnectionRateExceeded;

  constructor() {
    super('too many attempts with this user name failed from here; mend the credentials and wait a minute');
  }
}

export class ConnectRateExceeded extends ConnectionFailure {
  readonly code = 'EDGE_CONNECT_RATE_EXCEEDED';
  readonly kind = 'rate-limited';
  readonly reasonCode = ReasonCode.ConnectionRateExceeded;

  constructor(
    readonly connectsPerMinute: number,
    waitSeconds: number,
  ) {
    super(`the device may connect ${connectsPerMinute} times a minute; it may again in ${waitSeconds} s`);
  }
}

export class KeepAliveOutOfRange extends ConnectionFailure {
  readonly code = 'EDGE_KEEP_ALIVE_OUT_OF_RANGE';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.ProtocolError;

  constructor(
    readonly keepAliveSeconds: number,
    readonly allowed: { readonly minSeconds: number; readonly maxSeconds: number },
  ) {
    super(
      `the keep alive is ${keepAliveSeconds} s, and this gateway takes ${allowed.minSeconds} to ${allowed.maxSeconds} s`,
    );
  }
}

/** "The Will Topic Name is not malformed, but is not accepted by this Server", MQTT 5.0 §3.2.2.2. */
export class WillTopicDenied extends ConnectionFailure {
  readonly code = 'EDGE_WILL_TOPIC_DENIED';
  readonly kind = 'forbidden';
  readonly reasonCode = ReasonCode.TopicNameInvalid;

  constructor() {
    super('the device may not publish to the topic of its will; connect without it, or with another topic');
  }
}

/** Its turn did not come in time. */
export class AdmissionWaitTimedOut extends ConnectionFailure {
  readonly code = 'EDGE_ADMISSION_WAIT_TIMED_OUT';
  readonly kind = 'timeout';
  readonly reasonCode = ReasonCode.ServerBusy;

  constructor() {
    super('too many clients are waiting to be admitted; try again later, at a random moment');
  }
}

/** Who is admitted has changed; what was found out before does not count any more. */
export class AdmissionChanged extends ConnectionFailure {
  readonly code = 'EDGE_ADMISSION_CHANGED';
  readonly kind = 'unauthenticated';
  readonly reasonCode = ReasonCode.AdministrativeAction;

  constructor() {
    super('the gateway has changed how it admits devices; connect again');
  }
}
