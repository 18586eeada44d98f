import type { ConnectPacket, ProtocolVersion } from '@gatehouse/mqtt';

/** What the client asked for in CONNECT. */
export interface ClientTerms {
  readonly clientId: string;
  /** Empty when it gave none. */
  readonly username: string;
  readonly protocolVersion: ProtocolVersion;
  readonly keepAliveSeconds: number;
  /** QoS 1 messages that it takes at a time, 1 to 65 535. */
  readonly receiveMaximum: number;
  /** Infinity without a limit. */
  readonly maximumPacketBytes: number;
}

const DEFAULT_RECEIVE_MAXIMUM = 65_535;

export function clientTerms(packet: ConnectPacket, clientId: string): ClientTerms {
  return {
    clientId,
    username: packet.username ?? '',
    protocolVersion: packet.protocolVersion,
    keepAliveSeconds: packet.keepAliveSeconds,
    receiveMaximum: packet.properties.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM,
    maximumPacketBytes: packet.properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
  };
}
