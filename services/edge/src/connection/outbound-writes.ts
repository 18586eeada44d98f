import type { Socket } from 'node:net';
import type { ProtocolVersion } from '@gatehouse/mqtt';
import type { CountedTotal } from '@gatehouse/observability';
import { Acknowledgements } from './acknowledgements.ts';

export interface OutboundWritesParts {
  readonly sentBytes: CountedTotal;
  /** Of the client, as soon as it has told. */
  readonly protocolVersion: () => ProtocolVersion;
  /** The client takes less than it is sent; it should not be read meanwhile. */
  readonly onStalled: () => void;
}

/**
 * What goes to one client. The packets of one turn of the event loop leave in one write, and acknowledgements
 * before them are gathered: each write is a TLS record and a system call.
 */
export class OutboundWrites {
  readonly #acknowledgements = new Acknowledgements();
  #isCorked = false;
  #isOver = false;
  #stalledSince = Number.POSITIVE_INFINITY;

  constructor(
    private readonly socket: Socket,
    private readonly parts: OutboundWritesParts,
  ) {}

  /** Since when the client has taken nothing, as performance.now(); infinite while it takes what is there. */
  get stalledSince(): number {
    return this.#stalledSince;
  }

  packet(packet: Uint8Array): void {
    this.#cork();
    this.parts.sentBytes.add(packet.length);
    this.socket.write(packet);
  }

  readonly acknowledge = (packetId: number, reasonCode: number): void => {
    this.#acknowledgements.add(packetId, reasonCode);
    this.#cork();
  };

  /** Acknowledgements that wait, then nothing more but `packet`. */
  end(packet: Uint8Array | undefined): void {
    this.#isOver = true;
    this.#writeAcknowledgements();
    if (packet !== undefined) this.socket.write(packet);
    if (this.#isCorked) this.socket.uncork();
    this.socket.end();
  }

  /** The client has taken everything. */
  drained(): void {
    this.#stalledSince = Number.POSITIVE_INFINITY;
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.socket.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    if (!this.#isCorked || this.#isOver) return;
    this.#isCorked = false;
    this.#writeAcknowledgements();
    this.socket.uncork();
    if (this.socket.writableNeedDrain && this.#stalledSince === Number.POSITIVE_INFINITY) {
      this.#stalledSince = performance.now();
      this.parts.onStalled();
    }
  };

  #writeAcknowledgements(): void {
    const packets = this.#acknowledgements.take(this.parts.protocolVersion());
    if (packets === undefined) return;
    this.parts.sentBytes.add(packets.length);
    this.socket.write(packets);
  }
}
