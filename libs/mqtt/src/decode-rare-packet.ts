import type {
  AuthPacket,
  ClientPacket,
  DisconnectPacket,
  SubscribePacket,
  UnsubscribePacket,
} from './client-packet.ts';
import { MalformedPacket, protocolError } from './mqtt.failures.ts';
import type { PacketProperties } from './packet-properties.ts';
import { PacketType } from './packet-type.ts';
import { parseWithMqttPacket } from './parse-with-mqtt-packet.ts';
import { PropertyPlace } from './property-definitions.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { readProperties } from './read-properties.ts';
import { ReasonCode } from './reason-codes.ts';
import { isSharedSubscription } from './topic-filter.ts';
import type { WireReader } from './wire-reader.ts';

/**
 * Decodes SUBSCRIBE, UNSUBSCRIBE, DISCONNECT and AUTH.
 *
 * @param packet the whole packet with its fixed header
 * @param reader at the first byte of the variable header, ending with the packet
 * @throws {MalformedPacket} also for the packets that only a server may send
 */
export function decodeRarePacket(
  packet: Buffer,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): ClientPacket {
  const type = packet.readUInt8(0) >> 4;
  switch (type) {
    case PacketType.Subscribe:
      return decodeSubscribe(packet, reader, protocolVersion);
    case PacketType.Unsubscribe:
      return decodeUnsubscribe(packet, reader, protocolVersion);
    case PacketType.Disconnect:
      return decodeDisconnect(packet, reader, protocolVersion);
    case PacketType.Auth:
      return decodeAuth(packet, reader, protocolVersion);
    default:
      throw protocolError(`a client sent a packet of type ${type}, which only servers send`);
  }
}

function decodeSubscribe(
  packet: Buffer,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): SubscribePacket {
  const packetId = reader.readPacketIdentifier();
  const properties = protocolVersion === 5 ? readProperties(reader, PropertyPlace.Subscribe) : undefined;
  expectFilter(reader);
  while (reader.remaining > 0) {
    readFilter(reader);
    reader.readByte();
  }
  const [subscriptionIdentifier] = properties?.subscriptionIdentifiers ?? [];
  const { subscriptions } = parseWithMqttPacket('subscribe', packet, protocolVersion);
  return {
    type: 'subscribe',
    packetId,
    subscriptions: subscriptions.map(({ topic, qos, nl, rap, rh }) => {
      const noLocal = nl === true;
      // [MQTT5-3.8.3-4]
      if (noLocal && isSharedSubscription(topic))
        throw protocolError('a shared subscription asks for No Local');
      return {
        filter: topic,
        qos,
        noLocal,
        retainAsPublished: rap === true,
        retainHandling: rh === 1 || rh === 2 ? rh : 0,
      };
    }),
    userProperties: properties?.userProperties ?? [],
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
  };
}

function decodeUnsubscribe(
  packet: Buffer,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): UnsubscribePacket {
  const packetId = reader.readPacketIdentifier();
  const properties = protocolVersion === 5 ? readProperties(reader, PropertyPlace.Unsubscribe) : undefined;
  expectFilter(reader);
  while (reader.remaining > 0) readFilter(reader);
  const { unsubscriptions } = parseWithMqttPacket('unsubscribe', packet, protocolVersion);
  return {
    type: 'unsubscribe',
    packetId,
    filters: unsubscriptions,
    userProperties: properties?.userProperties ?? [],
  };
}

function decodeDisconnect(
  packet: Buffer,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): DisconnectPacket {
  // An absent reason code is Normal disconnection. MQTT 5.0 §3.14.2.1
  const properties = protocolVersion === 5 ? readReasonAndProperties(reader, PropertyPlace.Disconnect) : {};
  reader.expectEnd();
  const { reasonCode } = parseWithMqttPacket('disconnect', packet, protocolVersion);
  const { sessionExpiryInterval, reasonString, userProperties, serverReference } = properties;
  if (serverReference !== undefined) throw protocolError('a client sent a server reference');
  return {
    type: 'disconnect',
    reasonCode: reasonCode ?? ReasonCode.NormalDisconnection,
    userProperties: userProperties ?? [],
    ...(sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval }),
    ...(reasonString === undefined ? {} : { reasonString }),
  };
}

function decodeAuth(packet: Buffer, reader: WireReader, protocolVersion: ProtocolVersion): AuthPacket {
  // Type 15 is reserved before MQTT 5.0.
  if (protocolVersion !== 5) throw new MalformedPacket('AUTH before MQTT 5.0');
  // Both may be left out when the reason code is Success. MQTT 5.0 §3.15.2.1
  if (reader.remaining === 0) return { type: 'auth', reasonCode: ReasonCode.Success, properties: {} };
  const properties = readReasonAndProperties(reader, PropertyPlace.Auth);
  reader.expectEnd();
  const { reasonCode } = parseWithMqttPacket('auth', packet, protocolVersion);
  return { type: 'auth', reasonCode, properties };
}

function readReasonAndProperties(
  reader: WireReader,
  place: typeof PropertyPlace.Disconnect | typeof PropertyPlace.Auth,
): PacketProperties {
  if (reader.remaining > 0) reader.readByte();
  return (reader.remaining > 0 ? readProperties(reader, place) : undefined) ?? {};
}

function expectFilter(reader: WireReader): void {
  // [MQTT5-3.8.3-2] [MQTT5-3.10.3-2] [MQTT3-3.8.3-3] [MQTT3-3.10.3-2]
  if (reader.remaining === 0) throw protocolError('the packet names no topic filter');
}

function readFilter(reader: WireReader): void {
  // [MQTT5-4.7.3-1] [MQTT3-4.7.3-1]
  if (reader.readText().length === 0) throw new MalformedPacket('a topic filter is empty');
}
