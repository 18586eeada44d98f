import type { AdmissionStep, ClientCertificate, TopicPermission } from '@gatehouse/contracts';
import type { ProtocolVersion, UserProperty } from '@gatehouse/mqtt';
import type { ClientChain } from '../revocation/client-chain.ts';

/** Where the steps of an admission are noted, in their order. */
export interface StepLog {
  /** Something is over that began where the last step ended. */
  step(name: string, outcome: string, detail?: string): void;
  addSteps(steps: readonly AdmissionStep[]): void;
}

/** What a client shows of itself when it connects. */
export interface AdmissionRequest {
  readonly gatewayId: string;
  /** Version of the gateway that this edge serves: auth must not judge by an older one. */
  readonly gatewayVersion: number;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly remoteAddress: string;
  readonly userProperties: readonly UserProperty[];
  /** Of a verified chain only. */
  readonly clientCertificate: ClientCertificate | undefined;
  /** The same certificate with those above it. */
  readonly clientChain: ClientChain | undefined;
  readonly steps: StepLog;
  /** Whether the client still waits: a request of one that has left is not worth asking. */
  readonly isWaiting: () => boolean;
  /** Until when it may wait for its turn and for the answer, as performance.now(). */
  readonly deadline: number;
}

export interface Admitted {
  readonly productKey: string;
  readonly deviceName: string;
  /** Of the device's credentials; undefined when auth does not say. */
  readonly credentialVersion: number | undefined;
  /** When the admission ends, in milliseconds since 1970; Infinity while nothing limits it. */
  readonly expiresAtMs: number;
  /** Rules of the authenticator's answer; they come before those of the gateway. */
  readonly permissions: readonly TopicPermission[];
}

/** May this client connect, and as which device? */
export interface ConnectionAdmission {
  /**
   * @throws {DeviceRefused | AddressBanned | FailedAttemptsExceeded} when it may not
   * @throws {AdmissionUnavailable | AdmissionQueueFull | AdmissionWaitTimedOut} when it cannot be found out
   * @throws {ClientGone}
   */
  admit(request: AdmissionRequest): Promise<Admitted>;
}
