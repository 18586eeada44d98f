import type { SessionEndReason } from '@gatehouse/contracts';
import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';
import type { UnsettledClaim } from './session-claim.ts';

/** A newer connection of the same device has its session. */
export class SessionTakenOver extends ConnectionFailure {
  readonly code = 'EDGE_SESSION_TAKEN_OVER';
  readonly kind = 'conflict';
  readonly reasonCode = ReasonCode.SessionTakenOver;

  constructor() {
    super('the same device connected again; give every device its own credentials if that was not meant');
  }
}

export class SessionEndedByOperator extends ConnectionFailure {
  readonly code = 'EDGE_SESSION_ENDED';
  readonly kind = 'forbidden';
  readonly reasonCode = ReasonCode.AdministrativeAction;

  constructor(readonly what: Exclude<SessionEndReason, 'taken-over'>) {
    super(
      {
        'device-disabled': 'the device was disabled',
        'device-deleted': 'the device was deleted',
        'gateway-deleted': 'the gateway was deleted',
        'credentials-changed': 'the device has a new password; connect with that',
      }[what],
    );
  }
}

/** The verdict that let the device in has ended; a new CONNECT asks for another. */
export class AdmissionExpired extends ConnectionFailure {
  readonly code = 'EDGE_ADMISSION_EXPIRED';
  readonly kind = 'unauthenticated';
  readonly reasonCode = ReasonCode.MaximumConnectTime;

  constructor() {
    super('the time that the device was admitted for is over; connect again');
  }
}

export class SessionDirectoryUnavailable extends ConnectionFailure {
  readonly code = 'EDGE_SESSION_DIRECTORY_UNAVAILABLE';
  readonly kind = 'unavailable';
  readonly reasonCode = ReasonCode.ServerUnavailable;

  /** @param unsettled what may have been written all the same */
  constructor(
    override readonly cause: unknown,
    readonly unsettled: UnsettledClaim,
  ) {
    super('the session directory cannot be written; is NATS with JetStream running?');
  }
}
