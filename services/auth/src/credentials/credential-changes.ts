import { registryEvent, registryEventSubject, textOfSubjectToken } from '@gatehouse/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { CredentialDirectory } from './credential-directory.ts';

/** Facts of the presence: as many as there are CONNECTs, and none of them touches a credential. */
const PRESENCE_EVENTS: ReadonlySet<string> = new Set(['DeviceConnected', 'DeviceDisconnected']);
const eventType = registryEvent.pick({ type: true });
const DEVICE_EVENTS = `${registryEventSubject('device')}.`;
const GATEWAY_EVENTS = `${registryEventSubject('gateway')}.`;

/**
 * Drops from the directory what the registry says has changed, at once. Whatever was said while NATS was away
 * is lost, so after a reconnect everything is dropped.
 */
export class CredentialChanges {
  readonly #subscriptions: readonly Subscription[];

  constructor(
    private readonly nats: NatsConnection,
    private readonly directory: CredentialDirectory,
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
    if (PRESENCE_EVENTS.has(typeOf(event) ?? '')) return;
    const [productKey, deviceName] = idsOf(event, DEVICE_EVENTS);
    if (productKey === undefined || deviceName === undefined) this.directory.forgetAll();
    else this.directory.forgetDevice(productKey, deviceName);
  }

  #gatewayChanged(event: Msg): void {
    const [gatewayId] = idsOf(event, GATEWAY_EVENTS);
    if (gatewayId === undefined) this.directory.forgetAll();
    else this.directory.forgetGateway(gatewayId);
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'reconnect') this.directory.forgetAll();
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
