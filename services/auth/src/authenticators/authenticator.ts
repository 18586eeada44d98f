import type {
  AdmissionRefusal,
  AuthenticationTestResult,
  ClientCertificate,
  GatewayAdmission,
} from '@gatehouse/contracts';

/** What a CONNECT holds that an authenticator may judge by. What the client did not send is empty. */
export interface AuthenticatorCredentials {
  readonly username: string;
  /** As text: bytes that are no UTF-8 never come here. */
  readonly password: string;
  readonly clientId: string;
  readonly userProperties: readonly (readonly [string, string])[];
  /** Of a verified chain only. */
  readonly clientCertificate?: Pick<ClientCertificate, 'commonName' | 'serialNumber' | 'issuer'> | undefined;
}

export type AuthenticatorFailureReason = Extract<
  AdmissionRefusal,
  | 'authenticator-unavailable'
  | 'authenticator-timeout'
  | 'authenticator-answer-invalid'
  | 'authenticator-busy'
>;

export type AuthenticatorAnswer =
  | {
      readonly outcome: 'accepted';
      /** Valid, but maybe of no device yet. */
      readonly deviceName: string;
      readonly permissions: AuthenticationTestResult['permissions'];
      /** How long the answer may be relied on; absent: no limit. */
      readonly expiresInSeconds?: number;
    }
  | {
      readonly outcome: 'refused';
      /** What the authenticator said, if it did: for people, at most 1,024 characters. */
      readonly message?: string;
    }
  | {
      readonly outcome: 'failed';
      readonly reason: AuthenticatorFailureReason;
      /** For people: what went wrong and how to mend it. Holds no secret; at most 1,024 characters. */
      readonly message: string;
    };

export type AssumedRole = NonNullable<AuthenticationTestResult['assumedRole']>;

/** What went over the wire, in the form of `:test-authentication`: no password, key or signature is in it. */
export interface AuthenticatorExchange {
  readonly sent: AuthenticationTestResult['sent'];
  readonly received: AuthenticationTestResult['received'];
  /** Absent where no role is taken on. */
  readonly assumedRole?: AssumedRole;
}

export interface Authentication {
  readonly answer: AuthenticatorAnswer;
  /** Made only when somebody asks for it. */
  readonly exchange: () => AuthenticatorExchange;
}

/**
 * Somebody of the customer who knows the devices. Asks once, without cache, breaker or second try by other
 * words; always answers in time and never throws.
 */
export interface Authenticator {
  /** How long the customer allows one call to take. */
  readonly timeoutMs: number;
  /** How long the customer allows an answer to be used again; 0: never. */
  readonly cacheSeconds: number;
  /** @param timeoutMs that of the customer, or less */
  authenticate(credentials: AuthenticatorCredentials, timeoutMs: number): Promise<Authentication>;
}

export type AuthenticationTarget = Pick<GatewayAdmission, 'gatewayId' | 'authentication' | 'accessKeySecret'>;
