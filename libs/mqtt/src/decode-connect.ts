import type { IConnectPacket } from 'mqtt-packet';
import type { ConnectPacket, Will } from './client-packet.ts';
import { MalformedPacket, protocolError, UnsupportedProtocolVersion } from './mqtt.failures.ts';
import type { ConnectProperties, WillProperties } from './packet-properties.ts';
import { parseWithMqttPacket } from './parse-with-mqtt-packet.ts';
import { PropertyPlace } from './property-definitions.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { readProperties } from './read-properties.ts';
import type { WireReader } from './wire-reader.ts';

const WILL_FLAG = 0x04;
const PASSWORD_FLAG = 0x40;
const USERNAME_FLAG = 0x80;

/**
 * Reads the protocol name and level, with which every CONNECT begins.
 *
 * @throws {UnsupportedProtocolVersion} [MQTT5-3.1.2-1] [MQTT5-3.1.2-2] [MQTT3-3.1.2-2]
 */
export function readProtocolVersion(reader: WireReader): ProtocolVersion {
  const name = reader.readText();
  const level = reader.readByte();
  if (name === 'MQIsdp' && level === 3) return level;
  if (name === 'MQTT' && (level === 4 || level === 5)) return level;
  throw new UnsupportedProtocolVersion(name, level);
}

/**
 * Decodes the rest of a CONNECT.
 *
 * @param packet the whole packet with its fixed header
 * @param reader behind the protocol level, ending with the packet
 * @throws {MalformedPacket}
 * @see MQTT 5.0 §3.1, MQTT 3.1.1 §3.1
 */
export function decodeConnect(
  packet: Buffer,
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): ConnectPacket {
  const { properties, willProperties } = walkConnect(reader, protocolVersion);
  const parsed = parseWithMqttPacket('connect', packet, protocolVersion);
  return {
    type: 'connect',
    protocolVersion,
    clientId: parsed.clientId,
    cleanStart: parsed.clean === true,
    keepAliveSeconds: parsed.keepalive ?? 0,
    properties,
    ...(parsed.username === undefined ? {} : { username: parsed.username }),
    ...(parsed.password === undefined ? {} : { password: parsed.password }),
    ...(parsed.will === undefined ? {} : { will: toWill(parsed.will, willProperties) }),
  };
}

function walkConnect(
  reader: WireReader,
  protocolVersion: ProtocolVersion,
): { properties: ConnectProperties; willProperties: WillProperties } {
  const flags = reader.readByte();
  const hasUsername = (flags & USERNAME_FLAG) !== 0;
  const hasPassword = (flags & PASSWORD_FLAG) !== 0;
  // [MQTT3-3.1.2-22]; MQTT 5.0 allows it.
  if (hasPassword && !hasUsername && protocolVersion !== 5) {
    throw protocolError('CONNECT has a password but no user name');
  }
  reader.readUint16();
  const properties: ConnectProperties = readConnectProperties(reader, protocolVersion);
  reader.readText();
  let willProperties: WillProperties = {};
  if ((flags & WILL_FLAG) !== 0) {
    // [MQTT5-3.1.2-12] [MQTT3-3.1.2-14]
    if ((flags & 0x18) === 0x18) throw new MalformedPacket('the QoS of the will is 3');
    if (protocolVersion === 5) willProperties = readProperties(reader, PropertyPlace.Will) ?? {};
    checkWillTopic(reader.readText());
    reader.readBinary();
  }
  if (hasUsername) reader.readText();
  if (hasPassword) reader.readBinary();
  reader.expectEnd();
  return { properties, willProperties };
}

function readConnectProperties(reader: WireReader, protocolVersion: ProtocolVersion): ConnectProperties {
  if (protocolVersion !== 5) return {};
  const properties = readProperties(reader, PropertyPlace.Connect) ?? {};
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('CONNECT has authentication data but no authentication method');
  }
  return properties;
}

function checkWillTopic(topic: string): void {
  // [MQTT5-4.7.3-1] [MQTT5-4.7.0-1] [MQTT3-4.7.3-1] [MQTT3-4.7.1-1]
  if (topic.length === 0) throw new MalformedPacket('the topic of the will is empty');
  if (topic.includes('#') || topic.includes('+')) {
    throw new MalformedPacket('the topic of the will contains a wildcard');
  }
}

function toWill(parsed: NonNullable<IConnectPacket['will']>, properties: WillProperties): Will {
  return {
    topic: parsed.topic,
    payload: Buffer.from(parsed.payload),
    qos: parsed.qos ?? 0,
    retain: parsed.retain === true,
    properties,
  };
}
