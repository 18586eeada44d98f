import { EventEmitter, once } from 'node:events';
import type { NatsConnection } from '@nats-io/transport-node';

/** Whether NATS can be reached right now; what is published while it is away would overtake what got lost. */
export class BusConnection {
  readonly #events = new EventEmitter<{ lost: []; back: [] }>().setMaxListeners(0);
  #isUp = true;

  constructor(private readonly nats: NatsConnection) {
    void this.#watch();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Calls `listener` whenever the connection is lost, until the returned function is called. */
  onLost(listener: () => void): () => void {
    this.#events.on('lost', listener);
    return () => this.#events.off('lost', listener);
  }

  /** @throws when the signal aborts before the connection is back */
  async up(signal?: AbortSignal): Promise<void> {
    while (!this.#isUp) await once(this.#events, 'back', signal === undefined ? {} : { signal });
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') {
        this.#isUp = false;
        this.#events.emit('lost');
      } else if (status.type === 'reconnect') {
        this.#isUp = true;
        this.#events.emit('back');
      }
    }
  }
}
