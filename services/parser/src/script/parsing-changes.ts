import { registryEventSubject, textOfSubjectToken } from '@gatehouse/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { ProductParsings } from './product-parsing.ts';

const SCRIPT_EVENTS = `${registryEventSubject('parsing-script')}.`;
const GATEWAY_EVENTS = `${registryEventSubject('gateway')}.`;

/**
 * Drops what is known of a product's parsing when the registry reports a change, and everything after an
 * interruption of NATS, since nobody says what was reported meanwhile.
 */
export class ParsingChanges {
  readonly #subscriptions: readonly Subscription[];

  constructor(
    private readonly nats: NatsConnection,
    private readonly parsings: ProductParsings,
  ) {
    this.#subscriptions = [
      this.#onEvents(SCRIPT_EVENTS, (productKey) => this.parsings.forgetProduct(productKey)),
      this.#onEvents(GATEWAY_EVENTS, (gatewayId) => this.parsings.forgetGateway(gatewayId)),
    ];
    void this.#watchConnection();
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #onEvents(prefix: string, changed: (id: string) => void): Subscription {
    return this.nats.subscribe(`${prefix}>`, {
      callback: (_error, { subject }) =>
        changed(textOfSubjectToken(subject.slice(prefix.length).split('.')[0] ?? '')),
    });
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'reconnect') this.parsings.forgetAll();
    }
  }
}
