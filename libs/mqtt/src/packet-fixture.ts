import type { ClientPacket } from './client-packet.ts';
import { PacketReader } from './packet-reader.ts';
import type { ProtocolVersion } from './protocol-version.ts';

/** A CONNECT of each version, in hexadecimal. */
export const CONNECT = {
  3: '100f 0006 4d5149736470 03 02 003c 0001 61',
  4: '100d 0004 4d515454 04 02 003c 0001 61',
  5: '100e 0004 4d515454 05 02 003c 00 0001 61',
} as const satisfies Record<ProtocolVersion, string>;

/** One packet as bytes. Test data, as is all of this file. */
export interface PacketFixture {
  readonly name: string;
  /** The version of the CONNECT that came before; none when the packet is the first. */
  readonly after?: ProtocolVersion | undefined;
  /** Spaces group the bytes into fields. */
  readonly hex: string;
}

/** The packet, behind its CONNECT. */
export function bytesOf({ after, hex }: PacketFixture): Buffer {
  return Buffer.from(((after === undefined ? '' : CONNECT[after]) + hex).replaceAll(' ', ''), 'hex');
}

/** What came out of a stream, and the failure that ended it. */
export interface Reading {
  readonly packets: readonly ClientPacket[];
  readonly failure: unknown;
}

export function read(chunks: Iterable<Buffer>): Reading {
  const packets: ClientPacket[] = [];
  const reader = new PacketReader({ maxPacketBytes: 1_000 });
  try {
    for (const chunk of chunks) reader.read(chunk, (packet) => packets.push(packet));
  } catch (failure) {
    return { packets, failure };
  }
  return { packets, failure: undefined };
}

/** The bytes in two pieces, cut everywhere, and in pieces of one byte. */
export function* cutsOf(bytes: Buffer): Iterable<Buffer[]> {
  for (let position = 1; position < bytes.length; position++) {
    yield [bytes.subarray(0, position), bytes.subarray(position)];
  }
  yield Array.from(bytes, (byte) => Buffer.of(byte));
}
