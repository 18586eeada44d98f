import { uplinkPartition, type UplinkMessage } from '@gatehouse/contracts';
import type { StreamPublisher } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { EdgeSpans, TracedMessage } from '../observability/edge-spans.ts';
import type { NatsLink } from './nats-link.ts';
import { UplinkBatchQueue, type Acknowledger, type SealedBatch } from './uplink-batch-queue.ts';
import { UplinkLane, type LaneParts } from './uplink-lane.ts';

export interface UplinkLimits {
  /** How long a message waits for company while few come. */
  readonly lingerMs: number;
  /** The same in dense traffic, where company is certain and each batch costs as much as ten messages. */
  readonly denseLingerMs: number;
  /** Messages and bytes that may be read but not stored, over all lanes. */
  readonly queueMessages: number;
  readonly queueBytes: number;
}

export interface UplinkParts {
  readonly publisher: StreamPublisher;
  readonly link: NatsLink;
  readonly metrics: EdgeMetrics;
  readonly spans: EdgeSpans;
  readonly logger: Logger;
}

/** A session's way into the uplink. */
export interface UplinkSource {
  readonly lane: UplinkLane;
  readonly acknowledger: Acknowledger;
}

/** 512 messages or 256 kB: past that a larger batch costs no less a message, and waits longer. */
const BATCH_LIMITS = { messages: 512, bytes: 256 * 1_024 };
/** Traffic is dense from here: 2,000 messages a second through this edge. */
const DENSE_MESSAGES_PER_MS = 2;
/** Reading goes on when the queue has emptied to this share, so that it does not stop at once again. */
const ROOM_SHARE = 0.8;
const REFUSAL_LOG_INTERVAL_MS = 5_000;

/**
 * What all connections publish, on its way into the stream UPLINK. Nothing here is done per message but
 * copying it into a batch: no promise, no timer, no log.
 */
export class UplinkPublisher {
  readonly #lanes = new Map<string, UplinkLane>();
  readonly #waiting = new Set<() => void>();
  readonly #laneParts: LaneParts;
  #due: UplinkLane[] = [];
  #tick: NodeJS.Timeout | undefined;
  #lingerMs: number;
  #takenSinceTick = 0;
  #tickedAt = performance.now();
  #messages = 0;
  #bytes = 0;
  #refusalLoggedAt = Number.NEGATIVE_INFINITY;
  #laneCount = 0;

  /** @param idPrefix of batch ids: unique for ever, so it names this run of this edge */
  constructor(
    private readonly idPrefix: string,
    private readonly limits: UplinkLimits,
    private readonly parts: UplinkParts,
  ) {
    this.#lingerMs = limits.lingerMs;
    this.#laneParts = {
      ...parts,
      onStored: (lane, batch) => this.#stored(lane, batch),
      onRefused: (subject, reason) => this.#logRefusal(subject, reason),
    };
    parts.link.onUp(() => {
      for (const lane of this.#lanes.values()) lane.sendAgain();
    });
    // QoS 0 that waits for room is dropped from now on, and its connection is read on.
    parts.link.onDown(() => this.#wake());
  }

  get queuedMessages(): number {
    return this.#messages;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#messages >= this.limits.queueMessages || this.#bytes >= this.limits.queueBytes;
  }

  /**
   * The way in for one session; give it back with {@link leave}.
   *
   * @param acknowledger is told the packet identifiers of its QoS 1 messages, in order, as they are stored
   */
  join(
    device: { readonly gatewayId: string; readonly productKey: string; readonly deviceName: string },
    acknowledger: Acknowledger,
  ): UplinkSource {
    const partition = uplinkPartition(device.deviceName);
    const key = `${device.gatewayId}-${partition}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = this.#newLane(device.gatewayId, device.productKey, partition);
      this.#lanes.set(key, lane);
    }
    lane.users += 1;
    return { lane, acknowledger };
  }

  leave({ lane }: UplinkSource): void {
    lane.users -= 1;
    if (lane.users === 0) lane.whenStored(() => this.#forgetUnused());
  }

  /**
   * Whether a message may be taken now. `full`: stop reading and try again after {@link whenRoom}.
   * `dropped`: a full queue while NATS is away drops QoS 0, and has counted it.
   *
   * @param packetId 0 for QoS 0
   */
  roomFor(packetId: number): 'room' | 'dropped' | 'full' {
    if (!this.isFull) return 'room';
    if (packetId !== 0 || this.parts.link.isUp) return 'full';
    this.parts.metrics.drops.add('uplink-nats-away');
    return 'dropped';
  }

  /** Takes a message; ask {@link roomFor} first. Its payload is copied. */
  take(
    { lane, acknowledger }: UplinkSource,
    message: UplinkMessage,
    packetId: number,
    traced: TracedMessage | undefined,
  ): void {
    this.#bytes += lane.queue.add(message, acknowledger, packetId, traced);
    this.#messages += 1;
    this.#takenSinceTick += 1;
    if (lane.queue.hasFullBatch) lane.send();
    else if (!lane.isDue) this.#schedule(lane);
  }

  /** Calls `callback` once, when the queue has room again or NATS has gone away: ask {@link roomFor} then. */
  whenRoom(callback: () => void): void {
    this.#waiting.add(callback);
  }

  forgetWaiter(callback: () => void): void {
    this.#waiting.delete(callback);
  }

  /** Resolves when all that was taken is stored, or with what is left when `deadline` aborts. */
  async flush(deadline: AbortSignal): Promise<void> {
    const stored = [...this.#lanes.values()].map((lane) => {
      lane.send();
      return new Promise<void>((resolve) => {
        lane.whenStored(resolve);
      });
    });
    const late = new Promise<void>((resolve) => {
      if (deadline.aborted) resolve();
      else deadline.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(stored), late]);
    if (this.#messages > 0) this.parts.metrics.drops.add('uplink-stopped', this.#messages);
  }

  close(): void {
    clearTimeout(this.#tick);
    for (const lane of this.#lanes.values()) lane.close();
  }

  #newLane(gatewayId: string, productKey: string, partition: number): UplinkLane {
    const idPrefix = `${this.idPrefix}-${this.#laneCount.toString(36)}`;
    this.#laneCount += 1;
    return new UplinkLane(
      gatewayId,
      partition,
      new UplinkBatchQueue(productKey, idPrefix, BATCH_LIMITS),
      this.#laneParts,
    );
  }

  #schedule(lane: UplinkLane): void {
    lane.isDue = true;
    this.#due.push(lane);
    // One timer for all lanes: their batches go out in one write.
    this.#tick ??= setTimeout(() => this.#sendDue(), this.#lingerMs);
  }

  #sendDue(): void {
    this.#tick = undefined;
    const now = performance.now();
    const isDense = this.#takenSinceTick >= DENSE_MESSAGES_PER_MS * (now - this.#tickedAt);
    this.#lingerMs = isDense ? this.limits.denseLingerMs : this.limits.lingerMs;
    this.#takenSinceTick = 0;
    this.#tickedAt = now;
    const due = this.#due;
    this.#due = [];
    for (const lane of due) {
      lane.isDue = false;
      lane.send();
    }
  }

  #stored(lane: UplinkLane, batch: SealedBatch): void {
    this.#messages -= batch.count;
    this.#bytes -= batch.bytes;
    const { metrics } = this.parts;
    metrics.uplinkBatches.add();
    metrics.uplinkBatchMessages.add(batch.count);
    metrics.uplinkBatchBytes.add(batch.payload.length);
    const { acknowledgers, packetIds } = batch;
    for (let index = 0; index < packetIds.length; index += 1) {
      acknowledgers[index]?.acknowledge(packetIds[index] ?? 0);
    }
    if (!lane.isDue && !lane.queue.isEmpty) this.#schedule(lane);
    if (this.#waiting.size > 0 && this.#hasRoom()) this.#wake();
  }

  #hasRoom(): boolean {
    return (
      this.#messages < this.limits.queueMessages * ROOM_SHARE &&
      this.#bytes < this.limits.queueBytes * ROOM_SHARE
    );
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    // Who finds the queue full again puts itself back.
    for (const callback of waiting) callback();
  }

  #forgetUnused(): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.users === 0 && lane.isIdle) {
        lane.close();
        this.#lanes.delete(key);
      }
    }
  }

  #logRefusal(subject: string, reason: string): void {
    const now = performance.now();
    if (now - this.#refusalLoggedAt < REFUSAL_LOG_INTERVAL_MS) return;
    this.#refusalLoggedAt = now;
    this.parts.logger.warn(
      { subject, reason, queuedMessages: this.#messages },
      'uplink is not stored; it is kept and sent again',
    );
  }
}
