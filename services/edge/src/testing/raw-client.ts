import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

interface RawClientOptions {
  readonly host?: string;
  readonly port: number;
  readonly ca: string;
  /** Where it comes from. */
  readonly localAddress?: string;
}

/** An MQTT client made of bytes, for what a well-behaved library does not send. */
export class RawClient {
  #received = Buffer.alloc(0);
  #isEnded = false;
  readonly #waiting: (() => void)[] = [];

  private constructor(private readonly socket: TLSSocket) {
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  static async open(options: RawClientOptions): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', ...options });
    await once(socket, 'secureConnect');
    return new RawClient(socket);
  }

  /** Opens, sends CONNECT and awaits CONNACK. */
  static async connected(options: RawClientOptions, packet: Buffer): Promise<RawClient> {
    const client = await RawClient.open(options);
    client.send(packet);
    await client.packet();
    return client;
  }

  send(bytes: Buffer | string): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes);
  }

  /** Stops reading, so that what the edge sends piles up. */
  pause(): void {
    this.socket.pause();
  }

  /** The next packet; undefined when the connection was closed instead. */
  async packet(): Promise<Buffer | undefined> {
    for (;;) {
      const length = packetLength(this.#received);
      if (length !== undefined && this.#received.length >= length) {
        const packet = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        return packet;
      }
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Resolves when the edge has closed the connection. */
  async closed(): Promise<void> {
    while ((await this.packet()) !== undefined);
  }

  /** Packets that have arrived and were not taken. */
  get bytesWaiting(): number {
    return this.#received.length;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** CONNECT with Clean Start, a user name and a password. */
export function connectPacket(
  version: 3 | 4 | 5,
  username: string,
  { keepAliveSeconds = 60, clientId = username, cleanStart = true, properties = '' } = {},
): Buffer {
  const propertyBytes = Buffer.from(properties.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([
    text(version === 3 ? 'MQIsdp' : 'MQTT'),
    Buffer.of(version, cleanStart ? 0xc2 : 0xc0, keepAliveSeconds >> 8, keepAliveSeconds & 0xff),
    ...(version === 5 ? [Buffer.of(propertyBytes.length), propertyBytes] : []),
    text(clientId),
    text(username),
    text('secret'),
  ]);
  return Buffer.concat([Buffer.of(0x10), remainingLength(body.length), body]);
}

/** PUBLISH with a payload of one byte. */
export function publishPacket(
  version: 4 | 5,
  topic: string,
  { qos = 0, packetId = 1, properties = '' } = {},
): Buffer {
  const propertyBytes = Buffer.from(properties.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([
    text(topic),
    ...(qos === 0 ? [] : [Buffer.of(packetId >> 8, packetId & 0xff)]),
    ...(version === 5 ? [Buffer.of(propertyBytes.length), propertyBytes] : []),
    Buffer.from('x'),
  ]);
  return Buffer.concat([Buffer.of(0x30 | (qos << 1)), remainingLength(body.length), body]);
}

function remainingLength(length: number): Buffer {
  return length < 128 ? Buffer.of(length) : Buffer.of((length & 0x7f) | 0x80, length >> 7);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function packetLength(bytes: Buffer): number | undefined {
  let length = 0;
  for (let index = 1; index < Math.min(bytes.length, 5); index += 1) {
    const byte = bytes.readUInt8(index);
    length |= (byte & 0x7f) << (7 * (index - 1));
    if (byte < 0x80) return length + index + 1;
  }
  return undefined;
}
