/** The upper half of a packet's first byte. MQTT 5.0 §2.1.2 */
export const PacketType = {
  Connect: 1,
  Connack: 2,
  Publish: 3,
  Puback: 4,
  Pubrec: 5,
  Pubrel: 6,
  Pubcomp: 7,
  Subscribe: 8,
  Suback: 9,
  Unsubscribe: 10,
  Unsuback: 11,
  Pingreq: 12,
  Pingresp: 13,
  Disconnect: 14,
  Auth: 15,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** The lower half of the first byte, where the standards reserve it; PUBLISH has flags of its own there. */
export function reservedFlags(type: number): number {
  switch (type) {
    case PacketType.Pubrel:
    case PacketType.Subscribe:
    case PacketType.Unsubscribe:
      return 0b0010;
    default:
      return 0;
  }
}
