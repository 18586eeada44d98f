import { UplinkBatchEncoder, type UplinkMessage } from '@gatehouse/contracts';
import type { TracedMessage } from '../observability/edge-spans.ts';

/** Who is told that a message is stored. */
export interface Acknowledger {
  acknowledge(packetId: number): void;
}

/** A sealed uplink batch, kept until it is stored. */
export interface SealedBatch {
  readonly id: string;
  readonly payload: Uint8Array;
  readonly count: number;
  /** Of the messages as accounted in the queue's limits. */
  readonly bytes: number;
  /** The QoS 1 messages, in order: whom to acknowledge, and which packet. */
  readonly acknowledgers: readonly Acknowledger[];
  readonly packetIds: readonly number[];
  readonly traced: readonly TracedMessage[];
  readonly afterStored: readonly (() => void)[];
}

export interface BatchLimits {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * The messages of one (gateway, partition) in order, cut into batches. A batch is sealed when it is full or
 * when the sender asks for the next one; so the batches grow while one is on its way.
 */
export class UplinkBatchQueue {
  readonly #encoder = new UplinkBatchEncoder();
  #acknowledgers: Acknowledger[] = [];
  #packetIds: number[] = [];
  #traced: TracedMessage[] = [];
  #afterStored: (() => void)[] = [];
  readonly #sealed: SealedBatch[] = [];
  #next = 0;

  /** @param idPrefix unique in the whole installation and for ever; a batch's id is `<idPrefix>-<n>` */
  constructor(
    private readonly productKey: string,
    private readonly idPrefix: string,
    private readonly limits: BatchLimits,
  ) {}

  get isEmpty(): boolean {
    return this.#encoder.count === 0 && this.#sealed.length === 0;
  }

  /** Whether a batch waits that cannot grow any more. */
  get hasFullBatch(): boolean {
    return this.#sealed.length > 0;
  }

  /**
   * @param acknowledger told `packetId` when the message is stored
   * @param packetId of a QoS 1 message; 0 for QoS 0, which nobody acknowledges
   * @returns the bytes by which the queue grew
   */
  add(
    message: UplinkMessage,
    acknowledger: Acknowledger,
    packetId: number,
    traced: TracedMessage | undefined,
  ): number {
    const collected = this.#encoder.bytes;
    if (collected > 0 && collected + message.payload.length > this.limits.bytes) this.#seal();
    const start = this.#encoder.bytes;
    this.#encoder.add(message);
    if (packetId !== 0) {
      this.#acknowledgers.push(acknowledger);
      this.#packetIds.push(packetId);
    }
    if (traced !== undefined) this.#traced.push(traced);
    const end = this.#encoder.bytes;
    if (end >= this.limits.bytes || this.#encoder.count >= this.limits.messages) this.#seal();
    return end - start;
  }

  /** Calls `callback` when all that was added before is stored; false when nothing waits here. */
  afterStored(callback: () => void): boolean {
    if (this.#encoder.count > 0) {
      this.#afterStored.push(callback);
      return true;
    }
    const last = this.#sealed.at(-1);
    if (last === undefined) return false;
    this.#sealed[this.#sealed.length - 1] = { ...last, afterStored: [...last.afterStored, callback] };
    return true;
  }

  /** The oldest batch, out of the queue; undefined when there is none. */
  take(): SealedBatch | undefined {
    if (this.#sealed.length === 0 && this.#encoder.count > 0) this.#seal();
    return this.#sealed.shift();
  }

  #seal(): void {
    const id = `${this.idPrefix}-${this.#next}`;
    this.#next += 1;
    const { count, bytes } = this.#encoder;
    this.#sealed.push({
      id,
      payload: this.#encoder.take(this.productKey, id),
      count,
      bytes,
      acknowledgers: this.#acknowledgers,
      packetIds: this.#packetIds,
      traced: this.#traced,
      afterStored: this.#afterStored,
    });
    this.#acknowledgers = [];
    this.#packetIds = [];
    this.#traced = [];
    this.#afterStored = [];
  }
}
