import { isUtf8 } from 'node:buffer';
import { MalformedPacket } from './mqtt.failures.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * Reads the data types of MQTT 5.0 §1.5 from a range of a buffer. One instance serves all packets of a
 * connection: `reset` points it at the next.
 */
export class WireReader {
  position = 0;
  #buffer: Buffer = NO_BYTES;
  #end = 0;

  /** Reads from `start` up to but not including `end`. */
  reset(buffer: Buffer, start: number, end: number): this {
    this.#buffer = buffer;
    this.position = start;
    this.#end = end;
    return this;
  }

  /** Lets go of what it read: a view of a few bytes holds all the memory that they came in. */
  release(): void {
    this.#buffer = NO_BYTES;
    this.position = 0;
    this.#end = 0;
  }

  get remaining(): number {
    return this.#end - this.position;
  }

  readByte(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  readUint16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  readUint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  /** 0 to 268 435 455, in the fewest bytes that can hold it. [MQTT5-1.5.5-1] */
  readVariableByteInteger(): number {
    let value = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.readByte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0)
          throw new MalformedPacket('a variable byte integer is longer than needed');
        return value;
      }
    }
    throw new MalformedPacket('a variable byte integer is longer than four bytes');
  }

  /** A UTF-8 encoded string; a byte order mark is kept. [MQTT5-1.5.4-3] */
  readText(): string {
    const byteLength = this.readUint16();
    const start = this.#take(byteLength);
    return decodeText(this.#buffer, start, start + byteLength);
  }

  /** A view, not a copy. */
  readBinary(): Buffer {
    const byteLength = this.readUint16();
    const start = this.#take(byteLength);
    return this.#buffer.subarray(start, start + byteLength);
  }

  /** All that is left, as a view. */
  readRest(): Buffer {
    const start = this.position;
    this.position = this.#end;
    return this.#buffer.subarray(start, this.#end);
  }

  /** [MQTT5-2.2.1-3] [MQTT5-2.2.1-4] [MQTT3-2.3.1-1] */
  readPacketIdentifier(): number {
    const packetId = this.readUint16();
    if (packetId === 0) throw new MalformedPacket('the packet identifier is 0');
    return packetId;
  }

  expectEnd(): void {
    if (this.position !== this.#end) {
      throw new MalformedPacket(`${this.remaining} bytes follow the last field of the packet`);
    }
  }

  #take(byteLength: number): number {
    const start = this.position;
    if (start + byteLength > this.#end) throw new MalformedPacket('the packet ends inside a field');
    this.position = start + byteLength;
    return start;
  }
}

/** Above this many bytes a native scan is cheaper than a loop. */
const LOOP_LIMIT = 64;

/**
 * Strings must be well-formed UTF-8, without U+0000. Well-formed UTF-8 holds no surrogates.
 * [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] [MQTT3-1.5.3-1] [MQTT3-1.5.3-2]
 */
function decodeText(buffer: Buffer, start: number, end: number): string {
  if (end - start <= LOOP_LIMIT) {
    let position = start;
    while (position < end) {
      const byte = buffer[position];
      if (byte === undefined || byte === 0 || byte >= 0x80) break;
      position++;
    }
    if (position === end) return buffer.toString('latin1', start, end);
  }
  const bytes = buffer.subarray(start, end);
  if (bytes.includes(0)) throw new MalformedPacket('a string contains U+0000');
  if (!isUtf8(bytes)) throw new MalformedPacket('a string is not well-formed UTF-8');
  return bytes.toString();
}
