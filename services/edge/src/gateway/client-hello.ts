/** What a client offers in its first message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2), as far as a gateway is chosen by it. */
export interface ClientHello {
  /** RFC 6066 §3, lower case; undefined when it names none. */
  readonly serverName: string | undefined;
  /** `supported_versions` names TLS 1.3. */
  readonly offersTls13: boolean;
  readonly cipherSuites: readonly number[];
  /** SignatureScheme codes that it verifies; empty when it does not say. */
  readonly signatureSchemes: readonly number[];
  /** NamedGroup codes; empty when it does not say. */
  readonly groups: readonly number[];
}

export type ClientHelloReading =
  | { readonly outcome: 'hello'; readonly hello: ClientHello }
  /** @property atLeast bytes from the beginning, before which reading again is of no use */
  | { readonly outcome: 'incomplete'; readonly atLeast: number }
  /** The first bytes are no TLS record with a ClientHello. */
  | { readonly outcome: 'not-tls' }
  | { readonly outcome: 'malformed' };

const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RANDOM_BYTES = 32;
const TLS_1_3 = 0x0304;

const Extension = { serverName: 0, groups: 10, signatureSchemes: 13, supportedVersions: 43 } as const;
const HOST_NAME = 0;

/**
 * Reads the ClientHello that a connection begins with. It may come in several records; a caller bounds how
 * much it hands in.
 *
 * @param bytes all that has arrived so far
 */
export function readClientHello(bytes: Buffer): ClientHelloReading {
  const fragments: Buffer[] = [];
  let gathered = 0;
  let needed = HANDSHAKE_HEADER;
  let offset = 0;
  while (gathered < needed) {
    if (bytes.length > offset && bytes.readUInt8(offset) !== HANDSHAKE_RECORD) {
      return offset === 0 ? { outcome: 'not-tls' } : { outcome: 'malformed' };
    }
    if (bytes.length < offset + RECORD_HEADER) {
      return { outcome: 'incomplete', atLeast: offset + RECORD_HEADER };
    }
    if (bytes.readUInt8(offset + 1) !== 3) return { outcome: 'not-tls' };
    const length = bytes.readUInt16BE(offset + 3);
    // An empty fragment of a handshake message is forbidden (RFC 8446 §5.1).
    if (length === 0) return { outcome: 'malformed' };
    const end = offset + RECORD_HEADER + length;
    if (bytes.length < end) return { outcome: 'incomplete', atLeast: end };
    fragments.push(bytes.subarray(offset + RECORD_HEADER, end));
    gathered += length;
    offset = end;
    if (needed === HANDSHAKE_HEADER && gathered >= HANDSHAKE_HEADER) {
      const header = Buffer.concat(fragments);
      if (header.readUInt8(0) !== CLIENT_HELLO) return { outcome: 'not-tls' };
      needed += header.readUIntBE(1, 3);
    }
  }
  const message = Buffer.concat(fragments).subarray(HANDSHAKE_HEADER, needed);
  try {
    return { outcome: 'hello', hello: helloOf(new Fields(message)) };
  } catch (error) {
    if (error instanceof RangeError) return { outcome: 'malformed' };
    throw error;
  }
}

function helloOf(message: Fields): ClientHello {
  message.take(2 + RANDOM_BYTES);
  message.vector(1);
  const cipherSuites = message.vector(2).codes();
  message.vector(1);
  const extensions = new Map<number, Fields>();
  if (!message.isOver) {
    const list = message.vector(2);
    while (!list.isOver) extensions.set(list.number(2), list.vector(2));
  }
  return {
    serverName: serverNameOf(extensions.get(Extension.serverName)),
    offersTls13: extensions.get(Extension.supportedVersions)?.vector(1).codes().includes(TLS_1_3) ?? false,
    cipherSuites,
    signatureSchemes: extensions.get(Extension.signatureSchemes)?.vector(2).codes() ?? [],
    groups: extensions.get(Extension.groups)?.vector(2).codes() ?? [],
  };
}

function serverNameOf(extension: Fields | undefined): string | undefined {
  if (extension === undefined) return undefined;
  const names = extension.vector(2);
  const type = names.number(1);
  const name = names.vector(2).text();
  return type === HOST_NAME && name !== '' ? name.toLowerCase() : undefined;
}

/** Fields of a TLS message, one after the other. Each method throws a RangeError where they are cut short. */
class Fields {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get isOver(): boolean {
    return this.#offset === this.bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.bytes.length) throw new RangeError('the ClientHello is cut short');
    const taken = this.bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }

  /** What a length of so many bytes stands before. */
  vector(lengthSize: 1 | 2): Fields {
    return new Fields(this.take(this.number(lengthSize)));
  }

  /** The rest, as numbers of two bytes. */
  codes(): number[] {
    const codes: number[] = [];
    while (!this.isOver) codes.push(this.number(2));
    return codes;
  }

  text(): string {
    return this.take(this.bytes.length - this.#offset).toString('latin1');
  }
}
