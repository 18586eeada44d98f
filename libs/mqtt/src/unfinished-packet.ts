const NO_BYTES = Buffer.alloc(0);
const SMALLEST_CAPACITY_BYTES = 512;

/**
 * The bytes of a packet of which the end has not arrived yet. Its memory doubles as bytes arrive, so that
 * a packet in many pieces is copied about twice and a length that is only announced costs nothing.
 */
export class UnfinishedPacket {
  #bytes: Buffer = NO_BYTES;
  #byteLength = 0;

  /** The first `byteLength` are filled. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  append(piece: Buffer): void {
    const needed = this.#byteLength + piece.length;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, SMALLEST_CAPACITY_BYTES));
      this.#bytes.copy(grown, 0, 0, this.#byteLength);
      this.#bytes = grown;
    }
    piece.copy(this.#bytes, this.#byteLength);
    this.#byteLength = needed;
  }

  /** Gives the bytes away and begins anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#byteLength);
    this.#bytes = NO_BYTES;
    this.#byteLength = 0;
    return taken;
  }
}
