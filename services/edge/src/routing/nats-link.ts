import type { NatsConnection } from '@nats-io/transport-node';

/**
 * Whether NATS is there. nats.js throws away what is published while it is not, so that who must not lose
 * anything asks first, and sends again when it is back.
 */
export class NatsLink {
  #isUp = true;
  readonly #onUp: (() => void)[] = [];
  readonly #onDown: (() => void)[] = [];

  constructor(nats: NatsConnection) {
    void this.#follow(nats);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Calls `listener` each time that NATS has come back. */
  onUp(listener: () => void): void {
    this.#onUp.push(listener);
  }

  /** Calls `listener` each time that NATS has gone away. */
  onDown(listener: () => void): void {
    this.#onDown.push(listener);
  }

  async #follow(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') {
        this.#isUp = false;
        for (const listener of this.#onDown) listener();
      }
      if (type === 'reconnect') {
        this.#isUp = true;
        for (const listener of this.#onUp) listener();
      }
    }
    this.#isUp = false;
  }
}
