import { encodePublish, PacketIdentifiers, type OutgoingPublish } from '@gatehouse/mqtt';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { ClientTerms } from './client-terms.ts';

export type DeliveryOutcome = 'delivered' | 'unacknowledged';

export interface DownlinkLimits {
  /** QoS 1 messages that wait because the client's Receive Maximum is reached. */
  readonly queueMessages: number;
  /** How long a delivery may take until PUBACK. */
  readonly timeoutMs: number;
}

type OutgoingMessage = Omit<OutgoingPublish, 'packetId' | 'dup'>;

interface Delivery {
  readonly message: OutgoingMessage;
  readonly done: (outcome: DeliveryOutcome) => void;
}

/** As many as the client may leave unacknowledged, whatever larger number it names. */
const MAX_IN_FLIGHT = 100;

/** Messages for one connected client: QoS 1 within its Receive Maximum, and none larger than it takes. */
export class SessionDownlink {
  readonly #packetIds = new PacketIdentifiers();
  /** By packet identifier; a delivery that was given up stays until PUBACK, for its identifier is in use. */
  readonly #inFlight = new Map<number, Delivery>();
  readonly #queue: Delivery[] = [];
  readonly #maxInFlight: number;

  constructor(
    private readonly connection: ClientConnection,
    private readonly terms: ClientTerms,
    private readonly limits: DownlinkLimits,
    private readonly metrics: EdgeMetrics,
  ) {
    this.#maxInFlight = Math.min(terms.receiveMaximum, MAX_IN_FLIGHT);
  }

  /** Resolves when the message is written (QoS 0) or acknowledged (QoS 1), or when it will not be. */
  deliver(message: OutgoingMessage): Promise<DeliveryOutcome> {
    return message.qos === 0 ? Promise.resolve(this.#sendQos0(message)) : this.#deliverQos1(message);
  }

  /** @returns false for a packet identifier that is not in use */
  acknowledged(packetId: number, isAccepted: boolean): boolean {
    if (!this.#packetIds.release(packetId)) return false;
    const delivery = this.#inFlight.get(packetId);
    this.#inFlight.delete(packetId);
    delivery?.done(isAccepted ? 'delivered' : 'unacknowledged');
    this.sendWaiting();
    return true;
  }

  /** Goes on when the client takes what it is sent again. */
  sendWaiting(): void {
    while (
      this.#queue.length > 0 &&
      this.#inFlight.size < this.#maxInFlight &&
      this.connection.isOpen &&
      this.connection.hasRoom
    ) {
      const delivery = this.#queue.shift();
      if (delivery !== undefined) this.#sendQos1(delivery);
    }
  }

  /** The connection is gone: nothing more will be acknowledged. */
  end(): void {
    for (const delivery of [...this.#inFlight.values(), ...this.#queue.splice(0)]) {
      delivery.done('unacknowledged');
    }
    this.#inFlight.clear();
  }

  #sendQos0(message: OutgoingMessage): DeliveryOutcome {
    if (!this.connection.hasRoom) {
      this.metrics.drops.add('downlink-client-slow');
      return 'unacknowledged';
    }
    return this.#write({ ...message, packetId: 0, dup: false }) ? 'delivered' : 'unacknowledged';
  }

  #deliverQos1(message: OutgoingMessage): Promise<DeliveryOutcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const waiting = this.#queue.indexOf(delivery);
        if (waiting !== -1) this.#queue.splice(waiting, 1);
        resolve('unacknowledged');
      }, this.limits.timeoutMs);
      const delivery: Delivery = {
        message,
        done: (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        },
      };
      if (this.#queue.length >= this.limits.queueMessages && !this.#maySend) {
        this.metrics.drops.add('downlink-queue-full');
        delivery.done('unacknowledged');
        return;
      }
      this.#queue.push(delivery);
      this.sendWaiting();
    });
  }

  get #maySend(): boolean {
    return this.#queue.length === 0 && this.#inFlight.size < this.#maxInFlight && this.connection.hasRoom;
  }

  #sendQos1(delivery: Delivery): void {
    const packetId = this.#packetIds.allocate();
    if (packetId !== undefined && this.#write({ ...delivery.message, packetId, dup: false })) {
      this.#inFlight.set(packetId, delivery);
      return;
    }
    if (packetId !== undefined) this.#packetIds.release(packetId);
    delivery.done('unacknowledged');
  }

  /** [MQTT5-3.1.2-24]: what is larger than the client takes is not sent. */
  #write(message: OutgoingPublish): boolean {
    const packet = encodePublish(this.terms.protocolVersion, message);
    if (packet.length > this.terms.maximumPacketBytes) {
      this.metrics.drops.add('downlink-packet-too-large');
      return false;
    }
    this.connection.send(packet);
    return true;
  }
}
