/**
 * An uplink batch: what the connections of one edge published to one partition of one gateway, in order.
 * It is the payload of a message in the stream UPLINK. All numbers are big-endian.
 *
 *     batch    "GU" · version 1 · productKey (u8 length) · batchId (u8 length) · count (u16) · message × count
 *     message  length of what follows (u32) · flags (u8) · receivedAt, ms since 1970 (u48)
 *              · trace id (16 bytes) · span id (8 bytes) · trace flags (u8)
 *              · device name (u8 length) · topic name (u16 length, UTF-8)
 *              · [properties: u16 length, JSON] · payload
 *     flags    bits 0-1 QoS · bit 2 RETAIN · bit 3 properties follow
 *
 * A message's id is `<batchId>-<index>`, so a batch that was stored twice still makes each message once.
 */

const MAGIC = 0x4755;
const VERSION = 1;
const FIXED_MESSAGE_BYTES = 4 + 1 + 6 + 25 + 1 + 2;
const FLAG_RETAIN = 0b0100;
const FLAG_PROPERTIES = 0b1000;

/** The PUBLISH properties of MQTT 5.0 §3.3.2.3 that travel with a message. */
export interface UplinkProperties {
  readonly payloadFormatIndicator?: 0 | 1;
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  /** Base64. */
  readonly correlationData?: string;
  readonly userProperties?: readonly (readonly [string, string])[];
}

export interface UplinkMessage {
  readonly deviceName: string;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Milliseconds since 1970, when the edge read it from the socket. */
  readonly receivedAt: number;
  /** W3C trace context as 25 bytes: trace id, span id, flags. */
  readonly trace: Uint8Array;
  readonly properties?: UplinkProperties;
  /** A view into the batch when decoded: copy what must outlive it. */
  readonly payload: Uint8Array;
}

export interface UplinkBatch {
  readonly productKey: string;
  readonly batchId: string;
  readonly messages: readonly UplinkMessage[];
}

/** Bytes that are not an uplink batch: where, and what was expected. */
export class MalformedUplinkBatch extends Error {
  constructor(
    readonly offset: number,
    expected: string,
  ) {
    super(`malformed uplink batch at byte ${offset}: expected ${expected}`);
  }
}

/** Collects messages into one growing buffer; `take` hands out the batch and starts the next. */
export class UplinkBatchEncoder {
  #buffer = Buffer.allocUnsafe(16_384);
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes of the messages so far, without the batch's own header. */
  get bytes(): number {
    return this.#length;
  }

  add(message: UplinkMessage): void {
    const properties =
      message.properties === undefined ? undefined : Buffer.from(JSON.stringify(message.properties));
    const topicBytes = Buffer.byteLength(message.topic);
    const size =
      FIXED_MESSAGE_BYTES +
      message.deviceName.length +
      topicBytes +
      (properties === undefined ? 0 : 2 + properties.length) +
      message.payload.length;
    this.#reserve(size);

    const buffer = this.#buffer;
    let at = this.#length;
    at = buffer.writeUInt32BE(size - 4, at);
    at = buffer.writeUInt8(
      message.qos | (message.retain ? FLAG_RETAIN : 0) | (properties === undefined ? 0 : FLAG_PROPERTIES),
      at,
    );
    at = buffer.writeUIntBE(message.receivedAt, at, 6);
    buffer.set(message.trace, at);
    at += 25;
    at = buffer.writeUInt8(message.deviceName.length, at);
    at += buffer.write(message.deviceName, at, 'latin1');
    at = buffer.writeUInt16BE(topicBytes, at);
    at += buffer.write(message.topic, at, 'utf8');
    if (properties !== undefined) {
      at = buffer.writeUInt16BE(properties.length, at);
      buffer.set(properties, at);
      at += properties.length;
    }
    buffer.set(message.payload, at);
    this.#length = at + message.payload.length;
    this.#count += 1;
  }

  /** The batch as bytes of its own; the encoder is empty afterwards. */
  take(productKey: string, batchId: string): Uint8Array {
    const headBytes = 3 + 1 + productKey.length + 1 + batchId.length + 2;
    const batch = Buffer.allocUnsafe(headBytes + this.#length);
    let at = batch.writeUInt16BE(MAGIC, 0);
    at = batch.writeUInt8(VERSION, at);
    at = batch.writeUInt8(productKey.length, at);
    at += batch.write(productKey, at, 'latin1');
    at = batch.writeUInt8(batchId.length, at);
    at += batch.write(batchId, at, 'latin1');
    at = batch.writeUInt16BE(this.#count, at);
    this.#buffer.copy(batch, at, 0, this.#length);
    this.#length = 0;
    this.#count = 0;
    return batch;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** @throws {MalformedUplinkBatch} when the bytes are not a whole batch of this version */
export function decodeUplinkBatch(bytes: Uint8Array): UplinkBatch {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const need = (length: number, what: string, end = buffer.length): void => {
    if (at + length > end) throw new MalformedUplinkBatch(at, what);
  };
  const shortText = (what: string, end = buffer.length): string => {
    need(1, what, end);
    const length = buffer.readUInt8(at);
    at += 1;
    need(length, what, end);
    at += length;
    return buffer.toString('latin1', at - length, at);
  };

  need(3, 'a header');
  if (buffer.readUInt16BE(0) !== MAGIC) throw new MalformedUplinkBatch(0, '"GU"');
  if (buffer.readUInt8(2) !== VERSION) throw new MalformedUplinkBatch(2, `version ${VERSION}`);
  at = 3;
  const productKey = shortText('a product key');
  const batchId = shortText('a batch id');
  need(2, 'a count');
  const count = buffer.readUInt16BE(at);
  at += 2;

  const messages: UplinkMessage[] = [];
  for (let index = 0; index < count; index += 1) {
    need(4, 'a message');
    const end = at + 4 + buffer.readUInt32BE(at);
    at += 4;
    if (end > buffer.length) throw new MalformedUplinkBatch(at, 'a whole message');
    need(32, 'flags, time and trace', end);
    const flags = buffer.readUInt8(at);
    const receivedAt = buffer.readUIntBE(at + 1, 6);
    const trace = bytes.subarray(at + 7, at + 32);
    at += 32;
    const deviceName = shortText('a device name', end);
    need(2, 'a topic name', end);
    const topicBytes = buffer.readUInt16BE(at);
    at += 2;
    need(topicBytes, 'a topic name', end);
    const topic = buffer.toString('utf8', at, at + topicBytes);
    at += topicBytes;
    let properties: UplinkProperties | undefined;
    if ((flags & FLAG_PROPERTIES) !== 0) {
      need(2, 'properties', end);
      const length = buffer.readUInt16BE(at);
      at += 2;
      need(length, 'properties', end);
      properties = propertiesOf(buffer.toString('utf8', at, at + length), at);
      at += length;
    }
    messages.push({
      deviceName,
      topic,
      qos: flags & 0b11,
      retain: (flags & FLAG_RETAIN) !== 0,
      receivedAt,
      trace,
      ...(properties === undefined ? {} : { properties }),
      payload: bytes.subarray(at, end),
    });
    at = end;
  }
  if (at !== buffer.length) throw new MalformedUplinkBatch(at, 'the end');
  return { productKey, batchId, messages };
}

function propertiesOf(json: string, offset: number): UplinkProperties {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Falls through to the one error that says where.
  }
  throw new MalformedUplinkBatch(offset, 'properties as a JSON object');
}
