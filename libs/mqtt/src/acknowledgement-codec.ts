import type { AcknowledgementPacket } from './client-packet.ts';
import { MalformedPacket } from './mqtt.failures.ts';
import { PropertyPlace } from './property-definitions.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { readProperties } from './read-properties.ts';
import { ReasonCode } from './reason-codes.ts';
import { PacketType, reservedFlags } from './packet-type.ts';
import type { WireReader } from './wire-reader.ts';

/** MQTT 5.0 §3.4.2.1 and §3.5.2.1. */
const receiptReasonCodes: ReadonlySet<number> = new Set([
  ReasonCode.Success,
  ReasonCode.NoMatchingSubscribers,
  ReasonCode.UnspecifiedError,
  ReasonCode.ImplementationSpecificError,
  ReasonCode.NotAuthorized,
  ReasonCode.TopicNameInvalid,
  ReasonCode.PacketIdentifierInUse,
  ReasonCode.QuotaExceeded,
  ReasonCode.PayloadFormatInvalid,
]);

/** MQTT 5.0 §3.6.2.1 and §3.7.2.1. */
const releaseReasonCodes: ReadonlySet<number> = new Set([
  ReasonCode.Success,
  ReasonCode.PacketIdentifierNotFound,
]);

/**
 * Reads PUBACK, PUBREC, PUBREL or PUBCOMP, which have one layout.
 *
 * @param reader at the first byte of the variable header, ending with the packet
 * @throws {MalformedPacket}
 */
export function decodeAcknowledgement(
  type: AcknowledgementPacket['type'],
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): AcknowledgementPacket {
  const packetId = reader.readPacketIdentifier();
  // The reason code may be left out when it is 0, the properties when there are none. MQTT 5.0 §3.4.2.1
  if (protocolVersion !== 5 || reader.remaining === 0) {
    reader.expectEnd();
    return { type, packetId, reasonCode: ReasonCode.Success, properties: undefined };
  }
  const reasonCode = reader.readByte();
  const allowed = type === 'puback' || type === 'pubrec' ? receiptReasonCodes : releaseReasonCodes;
  if (!allowed.has(reasonCode)) throw new MalformedPacket(`${type} has reason code ${reasonCode}`);
  const properties =
    reader.remaining === 0 ? undefined : readProperties(reader, PropertyPlace.Acknowledgement);
  reader.expectEnd();
  return { type, packetId, reasonCode, properties };
}

/**
 * Writes PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form. Before MQTT 5.0 there is no place for the
 * reason code: every acknowledgement says Success.
 */
export function encodeAcknowledgement(
  type: AcknowledgementPacket['type'],
  protocolVersion: ProtocolVersion,
  packetId: number,
  reasonCode: number,
): Buffer {
  const withReasonCode = protocolVersion === 5 && reasonCode !== ReasonCode.Success;
  const packet = Buffer.allocUnsafe(withReasonCode ? 5 : 4);
  packet[0] = firstBytes[type];
  packet[1] = packet.length - 2;
  packet.writeUInt16BE(packetId, 2);
  if (withReasonCode) packet[4] = reasonCode;
  return packet;
}

const firstBytes: Readonly<Record<AcknowledgementPacket['type'], number>> = {
  puback: PacketType.Puback << 4,
  pubrec: PacketType.Pubrec << 4,
  pubrel: (PacketType.Pubrel << 4) | reservedFlags(PacketType.Pubrel),
  pubcomp: PacketType.Pubcomp << 4,
};
