import { decodeAcknowledgement } from './acknowledgement-codec.ts';
import type { ClientPacket, PingreqPacket } from './client-packet.ts';
import { decodeConnect, readProtocolVersion } from './decode-connect.ts';
import { decodeRarePacket } from './decode-rare-packet.ts';
import { MalformedPacket, PacketTooLarge, protocolError } from './mqtt.failures.ts';
import { PacketType, reservedFlags } from './packet-type.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { decodePublish } from './publish-codec.ts';
import { UnfinishedPacket } from './unfinished-packet.ts';
import { WireReader } from './wire-reader.ts';

/** Returning false stops the reader behind this packet, until `resume`. */
export type OnPacket = (packet: ClientPacket) => unknown;

const PINGREQ: PingreqPacket = Object.freeze({ type: 'pingreq' });

const LENGTH_NOT_KNOWN = -1;

/**
 * Turns the bytes of one client into packets. Whatever the reader throws ends the connection: a reader
 * that has thrown must not be used again.
 */
export class PacketReader {
  readonly #maxPacketBytes: number;
  readonly #fields = new WireReader();
  readonly #unfinished = new UnfinishedPacket();
  #protocolVersion: ProtocolVersion | undefined;
  /** Where the variable header of the packet begins whose fixed header was read last. */
  #bodyStart = 0;
  /** Copies of chunks not read yet, oldest first; filled only while the reader is stopped. */
  #waiting: Buffer[] = [];
  #stopped = false;

  /** `maxPacketBytes` counts the whole packet with its fixed header. */
  constructor(options: { readonly maxPacketBytes: number }) {
    this.#maxPacketBytes = options.maxPacketBytes;
  }

  /** Known once the beginning of CONNECT is read, even when the rest of it turns out to be malformed. */
  get protocolVersion(): ProtocolVersion | undefined {
    return this.#protocolVersion;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Calls `onPacket` for each packet that `chunk` completes. Packets hold views into `chunk`, so the caller
   * gives it away. A stopped reader keeps the chunk for `resume`: stop the socket as well.
   *
   * @throws {MalformedPacket | PacketTooLarge | UnsupportedProtocolVersion}
   */
  read(chunk: Buffer, onPacket: OnPacket): void {
    if (this.#stopped) {
      this.#waiting.push(ownBytes(chunk));
      return;
    }
    let position = this.#unfinished.byteLength === 0 ? 0 : this.#readUnfinished(chunk, onPacket);
    while (position < chunk.length) {
      if (this.#stopped) {
        this.#waiting.push(ownBytes(chunk.subarray(position)));
        return;
      }
      const packetEnd = this.#readFixedHeader(chunk, position, chunk.length);
      if (packetEnd === LENGTH_NOT_KNOWN || packetEnd > chunk.length) {
        this.#unfinished.append(chunk.subarray(position));
        return;
      }
      this.#deliver(chunk, position, packetEnd, onPacket);
      position = packetEnd;
    }
  }

  /** Reads on behind the packet at which the reader was stopped. */
  resume(onPacket: OnPacket): void {
    this.#stopped = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of waiting) this.read(chunk, onPacket);
  }

  /** @returns how much of the chunk belonged to the unfinished packet */
  #readUnfinished(chunk: Buffer, onPacket: OnPacket): number {
    const unfinished = this.#unfinished;
    let position = 0;
    let packetEnd = this.#readFixedHeader(unfinished.bytes, 0, unfinished.byteLength);
    while (packetEnd === LENGTH_NOT_KNOWN) {
      if (position === chunk.length) return position;
      unfinished.append(chunk.subarray(position, position + 1));
      position++;
      packetEnd = this.#readFixedHeader(unfinished.bytes, 0, unfinished.byteLength);
    }
    const end = Math.min(chunk.length, position + packetEnd - unfinished.byteLength);
    unfinished.append(chunk.subarray(position, end));
    if (unfinished.byteLength === packetEnd) this.#deliver(unfinished.take(), 0, packetEnd, onPacket);
    return end;
  }

  /** @returns the position behind the packet, which may lie beyond `end`, or LENGTH_NOT_KNOWN */
  #readFixedHeader(bytes: Buffer, start: number, end: number): number {
    this.#checkFirstByte(bytes.readUInt8(start));
    let remainingLength = 0;
    for (let position = start + 1, shift = 0; shift <= 21; position++, shift += 7) {
      if (position >= end) return LENGTH_NOT_KNOWN;
      const byte = bytes.readUInt8(position);
      remainingLength |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      // Before 5.0 the standard does not ask for the shortest form. [MQTT5-1.5.5-1]
      if (byte === 0 && shift > 0 && this.#protocolVersion === 5) {
        throw new MalformedPacket('its length is encoded in more bytes than needed');
      }
      this.#bodyStart = position + 1;
      const packetEnd = position + 1 + remainingLength;
      if (packetEnd - start > this.#maxPacketBytes) {
        throw new PacketTooLarge(packetEnd - start, this.#maxPacketBytes);
      }
      return packetEnd;
    }
    throw new MalformedPacket('its length is encoded in more than four bytes');
  }

  #checkFirstByte(firstByte: number): void {
    const type = firstByte >> 4;
    if (type === 0) throw new MalformedPacket('its type is 0');
    // [MQTT5-3.1.0-1] [MQTT3-3.1.0-1] [MQTT5-3.1.0-2] [MQTT3-3.1.0-2]
    if (this.#protocolVersion === undefined) {
      if (type !== PacketType.Connect) throw protocolError('the first packet is not CONNECT');
    } else if (type === PacketType.Connect) {
      throw protocolError('CONNECT was sent twice');
    }
    // [MQTT5-2.1.3-1] [MQTT3-2.2.2-2]
    if (type !== PacketType.Publish && (firstByte & 0x0f) !== reservedFlags(type)) {
      throw new MalformedPacket('the reserved flags in its first byte are wrong');
    }
  }

  #deliver(bytes: Buffer, start: number, end: number, onPacket: OnPacket): void {
    const packet = this.#decode(bytes, start, end);
    this.#fields.release();
    if (onPacket(packet) === false) this.#stopped = true;
  }

  #decode(bytes: Buffer, start: number, end: number): ClientPacket {
    const fields = this.#fields.reset(bytes, this.#bodyStart, end);
    const protocolVersion = (this.#protocolVersion ??= readProtocolVersion(fields));
    const firstByte = bytes.readUInt8(start);
    switch (firstByte >> 4) {
      case PacketType.Publish:
        return decodePublish(firstByte, fields, protocolVersion);
      case PacketType.Puback:
        return decodeAcknowledgement('puback', fields, protocolVersion);
      case PacketType.Pubrec:
        return decodeAcknowledgement('pubrec', fields, protocolVersion);
      case PacketType.Pubrel:
        return decodeAcknowledgement('pubrel', fields, protocolVersion);
      case PacketType.Pubcomp:
        return decodeAcknowledgement('pubcomp', fields, protocolVersion);
      case PacketType.Pingreq:
        fields.expectEnd();
        return PINGREQ;
      case PacketType.Connect:
        return decodeConnect(bytes.subarray(start, end), fields, protocolVersion);
      default:
        return decodeRarePacket(bytes.subarray(start, end), fields, protocolVersion);
    }
  }
}

/** What a TLS socket gives is a piece of 64 kB that it shares with others, and may have to wait for long. */
function ownBytes(piece: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(own);
  return own;
}
