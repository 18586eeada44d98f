import { registryEvent, registryEventSubject, textOfSubjectToken } from '@gatehouse/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

/** What remembers answers of the registry. */
export interface Forgetful {
  forgetDevice(productKey: string, deviceName: string): void;
  forgetGateway(gatewayId: string): void;
  forgetAll(): void;
}

/**
 * Facts that outdate nothing, and that there are as many of as CONNECTs: the presence; and that a device was
 * made, as nobody remembers that it was not there.
 */
const PASSED_OVER: ReadonlySet<string> = new Set(['DeviceConnected', 'DeviceDisconnected', 'DeviceCreated']);
const eventType = registryEvent.pick({ type: true });
const DEVICE_EVENTS = `${registryEventSubject('device')}.`;
const GATEWAY_EVENTS = `${registryEventSubject('gateway')}.`;

/**
 * Drops from the directories what the registry says has changed, at once. Whatever was said while NATS was away
 * is lost, so after a reconnect everything is dropped.
 */
export class RegistryChanges {
  readonly #subscriptions: readonly Subscription[];

  constructor(
    private readonly nats: NatsConnection,
    private readonly directories: readonly Forgetful[],
  ) {
    this.#subscriptions = [
      nats.subscribe(`${DEVICE_EVENTS}>`, { callback: (_error, event) => this.#deviceChanged(event) }),
      nats.subscribe(`${GATEWAY_EVENTS}>`, { callback: (_error, event) => this.#gatewayChanged(event) }),
    ];
    void this.#watchConnection();
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #deviceChanged(event: Msg): void {
    if (PASSED_OVER.has(typeOf(event) ?? '')) return;
    const [productKey, deviceName] = idsOf(event, DEVICE_EVENTS);
    for (const directory of this.directories) {
      if (productKey === undefined || deviceName === undefined) directory.forgetAll();
      else directory.forgetDevice(productKey, deviceName);
    }
  }

  #gatewayChanged(event: Msg): void {
    const [gatewayId] = idsOf(event, GATEWAY_EVENTS);
    for (const directory of this.directories) {
      if (gatewayId === undefined) directory.forgetAll();
      else directory.forgetGateway(gatewayId);
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type !== 'reconnect') continue;
      for (const directory of this.directories) directory.forgetAll();
    }
  }
}

function idsOf(event: Msg, prefix: string): string[] {
  return event.subject.slice(prefix.length).split('.').map(textOfSubjectToken);
}

function typeOf(event: Msg): string | undefined {
  try {
    return eventType.parse(event.json()).type;
  } catch {
    return undefined;
  }
}
