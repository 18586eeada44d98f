import { encodePuback, type ProtocolVersion, type ReasonCode } from '@gatehouse/mqtt';

/** PUBACKs that go out with the next write, in order. */
export class Acknowledgements {
  /** Packet identifiers, with the reason code in the bits above. */
  #collected: number[] = [];

  /** @param reasonCode Success, 0, or why the message was not taken */
  add(packetId: number, reasonCode: number): void {
    this.#collected.push(packetId | (reasonCode << 16));
  }

  /** All of them as one piece; undefined when there are none. */
  take(protocolVersion: ProtocolVersion): Buffer | undefined {
    const collected = this.#collected;
    if (collected.length === 0) return undefined;
    this.#collected = [];
    return Buffer.concat(
      collected.map((each) => encodePuback(protocolVersion, each & 0xffff, (each >>> 16) as ReasonCode)),
    );
  }
}
