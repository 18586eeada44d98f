import { generate, type Packet, writeToStream } from 'mqtt-packet';
import { encodeAcknowledgement } from './acknowledgement-codec.ts';
import type { ConnackProperties, UserProperty } from './packet-properties.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { connectReturnCode, ReasonCode } from './reason-codes.ts';

export { encodePublish, type OutgoingPublish } from './publish-codec.ts';

// Its cache would hold a Buffer for each of the 65 536 packet identifiers.
writeToStream.cacheNumbers = false;

const PINGRESP = Buffer.of(0xd0, 0x00);

export interface Connack {
  readonly sessionPresent: boolean;
  readonly reasonCode: ReasonCode;
  /** Left out before MQTT 5.0. */
  readonly properties?: ConnackProperties | undefined;
}

/** @see MQTT 5.0 §3.2, MQTT 3.1.1 §3.2 */
export function encodeConnack(protocolVersion: ProtocolVersion, connack: Connack): Buffer {
  const { reasonCode, properties = {} } = connack;
  // A refusal has no session [MQTT5-3.2.2-6] [MQTT3-3.2.2-4], and the bit is reserved in MQTT 3.1.
  const sessionPresent = connack.sessionPresent && reasonCode === ReasonCode.Success && protocolVersion !== 3;
  if (protocolVersion !== 5) {
    return write(
      { cmd: 'connack', sessionPresent, returnCode: connectReturnCode(reasonCode) },
      protocolVersion,
    );
  }
  const { maximumQos, userProperties, ...others } = properties;
  return write(
    {
      cmd: 'connack',
      sessionPresent,
      reasonCode,
      properties: {
        ...others,
        ...(maximumQos === undefined ? {} : { maximumQoS: maximumQos }),
        ...(userProperties === undefined ? {} : { userProperties: inOrder(userProperties) }),
      },
    },
    protocolVersion,
  );
}

/** Before MQTT 5.0 there is no place for the reason code: the client takes every PUBACK for Success. */
export function encodePuback(
  protocolVersion: ProtocolVersion,
  packetId: number,
  reasonCode: ReasonCode,
): Buffer {
  return encodeAcknowledgement('puback', protocolVersion, packetId, reasonCode);
}

/** @param reasonCodes one for each filter of the SUBSCRIBE, in its order. [MQTT5-3.8.4-6] [MQTT3-3.8.4-5] */
export function encodeSuback(
  protocolVersion: ProtocolVersion,
  packetId: number,
  reasonCodes: readonly ReasonCode[],
): Buffer {
  // MQTT 3.1.1 knows one failure only. [MQTT3-3.9.3-2]
  const granted = protocolVersion === 5 ? [...reasonCodes] : reasonCodes.map((code) => Math.min(code, 0x80));
  return write({ cmd: 'suback', messageId: packetId, granted }, protocolVersion);
}

/** @param reasonCodes one for each filter of the UNSUBSCRIBE, in its order; left out before MQTT 5.0 */
export function encodeUnsuback(
  protocolVersion: ProtocolVersion,
  packetId: number,
  reasonCodes: readonly ReasonCode[],
): Buffer {
  return write({ cmd: 'unsuback', messageId: packetId, granted: [...reasonCodes] }, protocolVersion);
}

/** One constant buffer: it must not be written to. */
export function encodePingresp(): Buffer {
  return PINGRESP;
}

/** Only MQTT 5.0 servers send DISCONNECT; older clients see the connection close. */
export function encodeDisconnect(reasonCode: ReasonCode, reasonString?: string): Buffer {
  return write(
    {
      cmd: 'disconnect',
      reasonCode,
      ...(reasonString === undefined ? {} : { properties: { reasonString } }),
    },
    5,
  );
}

function write(packet: Packet, protocolVersion: ProtocolVersion): Buffer {
  return generate(packet, { protocolVersion });
}

/** mqtt-packet writes an array of objects pair by pair, so that order and repeated names survive. */
function inOrder(userProperties: readonly UserProperty[]): Record<string, string> {
  const pairs: unknown = userProperties.map(([name, value]) => ({ [name]: value }));
  return pairs as Record<string, string>;
}
