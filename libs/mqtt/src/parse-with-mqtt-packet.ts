import { type Packet, type PacketCmd, parser } from 'mqtt-packet';
import { MalformedPacket } from './mqtt.failures.ts';
import type { ProtocolVersion } from './protocol-version.ts';

type PacketNamed<Name extends PacketCmd> = Extract<Packet, { cmd: Name }>;

/**
 * Parses one whole packet with mqtt-packet.
 *
 * That parser is lenient: it replaces ill-formed UTF-8, takes any property in any packet and drops the
 * order of user properties. So callers first walk the packet's fields with WireReader, which refuses what
 * the standards forbid and keeps the properties, and take the rest from here.
 *
 * @throws {MalformedPacket} whatever the parser finds wrong
 */
export function parseWithMqttPacket<Name extends PacketCmd>(
  name: Name,
  bytes: Buffer,
  protocolVersion: ProtocolVersion,
): PacketNamed<Name> {
  let parsed: Packet | undefined;
  const packets = parser({ protocolVersion });
  packets.on('packet', (packet) => {
    parsed = packet;
  });
  // Thrown from inside parse(), which otherwise reads on in a packet it has just refused.
  packets.on('error', (error: Error) => {
    throw new MalformedPacket(error.message);
  });
  try {
    packets.parse(bytes);
  } catch (error) {
    if (error instanceof MalformedPacket) throw error;
    throw new MalformedPacket('its fields do not fit its length', undefined, error);
  }
  if (parsed?.cmd !== name) throw new MalformedPacket(`${name} is incomplete`);
  return parsed as PacketNamed<Name>;
}
