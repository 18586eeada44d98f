import type { AdmissionRefusal } from '@gatehouse/contracts';
import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';

const REASON_CODES: Readonly<Record<AdmissionRefusal, ReasonCode>> = {
  'malformed-credentials': ReasonCode.BadUserNameOrPassword,
  'unknown-device': ReasonCode.NotAuthorized,
  'wrong-password': ReasonCode.NotAuthorized,
  'device-disabled': ReasonCode.Banned,
  'unknown-gateway': ReasonCode.NotAuthorized,
  'common-name-mismatch': ReasonCode.NotAuthorized,
  'certificate-revoked': ReasonCode.NotAuthorized,
  'certificate-status-unknown': ReasonCode.ServerUnavailable,
  'authenticator-refused': ReasonCode.NotAuthorized,
  'authenticator-unavailable': ReasonCode.ServerUnavailable,
  'authenticator-timeout': ReasonCode.ServerUnavailable,
  'authenticator-answer-invalid': ReasonCode.ServerUnavailable,
  'authenticator-busy': ReasonCode.ServerBusy,
};

/** Told to whoever connects, so that it must not say whether the device exists. */
const ADVICE: Readonly<Record<AdmissionRefusal, string>> = {
  'malformed-credentials': 'user name or password is missing or not of the form that this gateway takes',
  'unknown-device': 'user name or password is wrong',
  'wrong-password': 'user name or password is wrong',
  'device-disabled': 'the device is disabled; an operator can enable it',
  'unknown-gateway': 'user name or password is wrong',
  'common-name-mismatch': 'user name or password is wrong',
  'certificate-revoked': 'the client certificate was revoked',
  'certificate-status-unknown': 'nobody can say whether the client certificate was revoked; try again later',
  'authenticator-refused': "the gateway's authenticator refused the device",
  'authenticator-unavailable': "the gateway's authenticator does not answer; try again later",
  'authenticator-timeout': "the gateway's authenticator does not answer in time; try again later",
  'authenticator-answer-invalid': "the gateway's authenticator gives no usable answer; tell its operator",
  'authenticator-busy': "the gateway's authenticator is busy; try again later, at a random moment",
};

/** Auth said no. `reason` is for our own log and counters, the message for the client. */
export class DeviceRefused extends ConnectionFailure {
  readonly code = 'EDGE_DEVICE_REFUSED';
  readonly kind = 'unauthenticated';
  readonly reasonCode: ReasonCode;

  constructor(readonly reason: AdmissionRefusal) {
    super(ADVICE[reason]);
    this.reasonCode = REASON_CODES[reason];
  }
}

export class AdmissionUnavailable extends ConnectionFailure {
  readonly code = 'EDGE_ADMISSION_UNAVAILABLE';
  readonly kind = 'unavailable';
  readonly reasonCode = ReasonCode.ServerUnavailable;

  constructor(override readonly cause: unknown) {
    super('the service that admits devices does not answer; try again later');
  }
}

export class AdmissionQueueFull extends ConnectionFailure {
  readonly code = 'EDGE_ADMISSION_QUEUE_FULL';
  readonly kind = 'rate-limited';
  readonly reasonCode = ReasonCode.ServerBusy;

  constructor(readonly length: number) {
    super(`${length} clients are waiting to be admitted; try again later, at a random moment`);
  }
}

export class ClientIdentifierRefused extends ConnectionFailure {
  readonly code = 'EDGE_CLIENT_IDENTIFIER_REFUSED';
  readonly kind = 'invalid';
  readonly reasonCode = ReasonCode.ClientIdentifierNotValid;

  constructor(problem: string) {
    super(`the client identifier ${problem}`);
  }
}

/** Refused before auth is asked: no device has a user name or a password of this length. */
export class CredentialsTooLong extends ConnectionFailure {
  readonly code = 'EDGE_CREDENTIALS_TOO_LONG';
  readonly kind = 'too-large';
  readonly reasonCode = ReasonCode.BadUserNameOrPassword;

  constructor(readonly maxBytes: number) {
    super(`the user name or the password is over ${maxBytes} bytes`);
  }
}

export class ConnectPropertiesTooLarge extends ConnectionFailure {
  readonly code = 'EDGE_CONNECT_PROPERTIES_TOO_LARGE';
  readonly kind = 'too-large';
  readonly reasonCode = ReasonCode.PacketTooLarge;

  constructor(readonly maxBytes: number) {
    super(`the user properties of CONNECT are over ${maxBytes} bytes; send fewer`);
  }
}

export class AuthenticationMethodUnsupported extends ConnectionFailure {
  readonly code = 'EDGE_AUTHENTICATION_METHOD_UNSUPPORTED';
  readonly kind = 'not-offered';
  readonly reasonCode = ReasonCode.BadAuthenticationMethod;

  constructor(readonly method: string) {
    super('extended authentication is not offered here; connect with user name and password');
  }
}

/** The client left while it waited; nobody is told. */
export class ClientGone extends ConnectionFailure {
  readonly code = 'EDGE_CLIENT_GONE';
  readonly kind = 'conflict';
  readonly reasonCode = ReasonCode.UnspecifiedError;

  constructor() {
    super('the client closed the connection before it was admitted');
  }
}
