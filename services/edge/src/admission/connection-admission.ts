import type { ProtocolVersion, UserProperty } from '@gatehouse/mqtt';

/** What a client shows of itself when it connects. */
export interface AdmissionRequest {
  readonly gatewayId: string;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly remoteAddress: string;
  readonly userProperties: readonly UserProperty[];
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
