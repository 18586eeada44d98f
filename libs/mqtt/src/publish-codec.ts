import type { PublishPacket } from './client-packet.ts';
import { MalformedPacket, protocolError } from './mqtt.failures.ts';
import { PropertyPlace } from './property-definitions.ts';
import type { ProtocolVersion, Qos } from './protocol-version.ts';
import { readProperties } from './read-properties.ts';
import { PacketType } from './packet-type.ts';
import type { WireReader } from './wire-reader.ts';
import { variableByteIntegerBytes, writeText, writeVariableByteInteger } from './wire-writer.ts';
import { propertiesByteLength, writeProperties } from './write-properties.ts';
import type { PublishProperties } from './packet-properties.ts';

const RETAIN = 0x01;
const DUP = 0x08;

/**
 * Reads a PUBLISH that a client sent. The payload is a view into the reader's buffer.
 *
 * @param firstByte packet type and flags
 * @param reader at the first byte of the variable header, ending with the packet
 * @throws {MalformedPacket}
 * @see MQTT 5.0 §3.3, MQTT 3.1.1 §3.3
 */
export function decodePublish(
  firstByte: number,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): PublishPacket {
  const qos = (firstByte >> 1) & 0x03;
  // [MQTT5-3.3.1-4] [MQTT3-3.3.1-4]
  if (qos === 3) throw new MalformedPacket('the QoS of PUBLISH is 3');
  const dup = (firstByte & DUP) !== 0;
  // [MQTT5-3.3.1-2] [MQTT3-3.3.1-2]
  if (dup && qos === 0) throw new MalformedPacket('a PUBLISH of QoS 0 is marked as a duplicate');

  const topic = reader.readText();
  // [MQTT5-3.3.2-2] [MQTT3-3.3.2-2]
  if (topic.includes('#') || topic.includes('+'))
    throw new MalformedPacket('a topic name contains a wildcard');
  const packetId = qos === 0 ? 0 : reader.readPacketIdentifier();
  const properties = protocolVersion === 5 ? readProperties(reader, PropertyPlace.Publish) : undefined;
  // [MQTT5-3.3.4-6]
  if (properties?.subscriptionIdentifiers !== undefined) {
    throw protocolError('a client sent a subscription identifier in PUBLISH');
  }
  if (topic.length === 0 && properties?.topicAlias === undefined) {
    throw protocolError('PUBLISH has neither a topic name nor a topic alias');
  }
  return {
    type: 'publish',
    topic,
    payload: reader.readRest(),
    qos: qos as Qos,
    dup,
    retain: (firstByte & RETAIN) !== 0,
    packetId,
    properties,
  };
}

/** A PUBLISH to a client. */
export interface OutgoingPublish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly dup: boolean;
  readonly retain: boolean;
  /** 1 to 65 535; not written with QoS 0. */
  readonly packetId: number;
  /** Left out before MQTT 5.0. */
  readonly properties?: PublishProperties | undefined;
}

/** @see MQTT 5.0 §3.3, MQTT 3.1.1 §3.3 */
export function encodePublish(protocolVersion: ProtocolVersion, publish: OutgoingPublish): Buffer {
  const { topic, payload, qos, properties } = publish;
  const propertyBytes =
    protocolVersion === 5 && properties !== undefined ? propertiesByteLength(properties) : 0;
  const remainingLength =
    2 +
    Buffer.byteLength(topic) +
    (qos === 0 ? 0 : 2) +
    (protocolVersion === 5 ? variableByteIntegerBytes(propertyBytes) + propertyBytes : 0) +
    payload.length;

  const packet = Buffer.allocUnsafe(1 + variableByteIntegerBytes(remainingLength) + remainingLength);
  packet[0] =
    (PacketType.Publish << 4) | (publish.dup ? DUP : 0) | (qos << 1) | (publish.retain ? RETAIN : 0);
  let end = writeVariableByteInteger(packet, remainingLength, 1);
  end = writeText(packet, topic, end);
  if (qos !== 0) end = packet.writeUInt16BE(publish.packetId, end);
  if (protocolVersion === 5) {
    if (properties === undefined) packet[end++] = 0;
    else end = writeProperties(packet, properties, end, propertyBytes);
  }
  packet.set(payload, end);
  return packet;
}
