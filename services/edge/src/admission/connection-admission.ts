import type { AdmissionStep, ClientCertificate } from '@gatehouse/contracts';
import type { ProtocolVersion, UserProperty } from '@gatehouse/mqtt';

/** What a client shows of itself when it connects. */
/** Where the steps of an admission are noted, in their order. */
export interface StepLog {
  /** Something is over that began where the last step ended. */
  step(name: string, outcome: string, detail?: string): void;
  addSteps(steps: readonly AdmissionStep[]): void;
}

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
  readonly steps: StepLog;
  /** Whether the client still waits: a request of one that has left is not worth asking. */
  readonly isWaiting: () => boolean;
}

export interface Admitted {
  readonly productKey: string;
  readonly deviceName: string;
  /** When the admission ends, in milliseconds since 1970; Infinity while nothing limits it. */
  readonly expiresAtMs: number;
}

/** May this client connect, and as which device? */
export interface ConnectionAdmission {
  /** @throws {DeviceRefused | AdmissionUnavailable | AdmissionQueueFull | ClientGone} */
  admit(request: AdmissionRequest): Promise<Admitted>;
}
