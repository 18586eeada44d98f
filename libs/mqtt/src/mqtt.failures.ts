import { Failure } from '@gatehouse/failure';
import { ReasonCode } from './reason-codes.ts';

/** Bytes or a sequence of packets that the MQTT standards do not allow; the connection must be closed. */
export class MalformedPacket extends Failure {
  readonly code = 'MQTT_PACKET_MALFORMED';
  readonly kind = 'invalid';

  constructor(
    readonly problem: string,
    /** Of the DISCONNECT or CONNACK that an MQTT 5.0 client gets before the connection closes. */
    readonly reasonCode:
      | typeof ReasonCode.MalformedPacket
      | typeof ReasonCode.ProtocolError = ReasonCode.MalformedPacket,
    override readonly cause?: unknown,
  ) {
    super(`not a valid MQTT packet: ${problem}; look for a bug in the client's MQTT library`);
  }
}

/** A well-formed field or packet in a place where the standards forbid it. */
export function protocolError(problem: string): MalformedPacket {
  return new MalformedPacket(problem, ReasonCode.ProtocolError);
}

/** Known as soon as the fixed header is read: none of the packet's body has been kept. */
export class PacketTooLarge extends Failure {
  readonly code = 'MQTT_PACKET_TOO_LARGE';
  readonly kind = 'too-large';
  readonly reasonCode = ReasonCode.PacketTooLarge;

  constructor(
    readonly packetBytes: number,
    readonly maxPacketBytes: number,
  ) {
    super(`an MQTT packet of ${packetBytes} bytes is over the limit of ${maxPacketBytes}; send smaller ones`);
  }
}

/** CONNECT names a protocol other than MQTT 3.1, 3.1.1 and 5.0. */
export class UnsupportedProtocolVersion extends Failure {
  readonly code = 'MQTT_PROTOCOL_VERSION_UNSUPPORTED';
  readonly kind = 'not-offered';
  readonly reasonCode = ReasonCode.UnsupportedProtocolVersion;

  constructor(
    readonly protocolName: string,
    readonly protocolLevel: number,
  ) {
    super(
      `protocol ${JSON.stringify(protocolName)} level ${protocolLevel} is not supported; ` +
        'use MQTT 3.1, 3.1.1 or 5.0',
    );
  }

  /**
   * The version in which the client can read a CONNACK that refuses it. [MQTT3-3.1.2-2] [MQTT5-3.1.2-2]
   * Bridges set the highest bit of a level that is 3.1 or 3.1.1 for the rest (mosquitto's try_private).
   */
  get answerIn(): 4 | 5 {
    return this.protocolName === 'MQTT' && (this.protocolLevel & 0x7f) > 4 ? 5 : 4;
  }
}
