import type { Failure } from '@gatehouse/failure';
import {
  encodeConnack,
  encodeDisconnect,
  ReasonCode,
  UnsupportedProtocolVersion,
  type ProtocolVersion,
} from '@gatehouse/mqtt';
import type { ConnectionState } from './connection-state.ts';

/** A failure that says which MQTT 5.0 reason code it is. */
export type ReasonedFailure = Failure & { readonly reasonCode: ReasonCode };

export function isReasoned(failure: Failure): failure is ReasonedFailure {
  return 'reasonCode' in failure && typeof failure.reasonCode === 'number';
}

/** Of the reason codes that we use, those of DISCONNECT that CONNACK does not know (MQTT 5.0 §3.2.2.2). */
const DISCONNECT_ONLY: ReadonlySet<ReasonCode> = new Set([
  ReasonCode.ServerShuttingDown,
  ReasonCode.KeepAliveTimeout,
  ReasonCode.SessionTakenOver,
  ReasonCode.TopicAliasInvalid,
  ReasonCode.AdministrativeAction,
  ReasonCode.MaximumConnectTime,
]);

/** First byte of a CONNACK packet. */
const CONNACK_BYTE = 0x20;

export interface ClosingClient {
  /** Before it closes. */
  readonly state: ConnectionState;
  /** Unknown until the beginning of CONNECT was read. */
  readonly protocolVersion: ProtocolVersion | undefined;
  readonly maximumPacketBytes: number;
}

/**
 * The last packet that a client gets, which says why its connection is closed; undefined when its version of
 * MQTT has none for that moment. Before CONNACK that is CONNACK, for MQTT 3 only when CONNECT itself was
 * well-formed [MQTT3-3.1.4-1]; afterwards DISCONNECT, for MQTT 5.0 only.
 */
export function lastPacket(client: ClosingClient, failure: ReasonedFailure): Buffer | undefined {
  const { state, protocolVersion, maximumPacketBytes } = client;
  if (failure instanceof UnsupportedProtocolVersion) {
    return encodeConnack(failure.answerIn, { sessionPresent: false, reasonCode: failure.reasonCode });
  }
  switch (state) {
    case 'awaiting-connect':
      return protocolVersion === 5 ? connack(5, failure, maximumPacketBytes) : undefined;
    case 'admitting':
      return protocolVersion === undefined
        ? undefined
        : connack(protocolVersion, failure, maximumPacketBytes);
    case 'connected':
      return protocolVersion === 5 ? disconnect(failure, maximumPacketBytes) : undefined;
    case 'closing':
      return undefined;
  }
}

/** CONNACK's reason code or return code: what follows its flags (MQTT 5.0 §3.2). Undefined for other packets. */
export function connackCodeOf(packet: Buffer | undefined): number | undefined {
  if (packet === undefined || packet.readUInt8(0) !== CONNACK_BYTE) return undefined;
  let index = 1;
  while (packet.readUInt8(index) >= 0x80) index += 1;
  return packet.readUInt8(index + 2);
}

/** A reason string that makes the packet larger than the client takes is left out. [MQTT5-3.2.2-19] */
function connack(version: ProtocolVersion, failure: ReasonedFailure, maximumPacketBytes: number): Buffer {
  const reasonCode = DISCONNECT_ONLY.has(failure.reasonCode)
    ? ReasonCode.ServerUnavailable
    : failure.reasonCode;
  const packet = encodeConnack(version, {
    sessionPresent: false,
    reasonCode,
    properties: { reasonString: failure.message },
  });
  return packet.length <= maximumPacketBytes
    ? packet
    : encodeConnack(version, { sessionPresent: false, reasonCode });
}

/** [MQTT5-3.14.2-3] */
function disconnect(failure: ReasonedFailure, maximumPacketBytes: number): Buffer {
  const packet = encodeDisconnect(failure.reasonCode, failure.message);
  return packet.length <= maximumPacketBytes ? packet : encodeDisconnect(failure.reasonCode);
}
