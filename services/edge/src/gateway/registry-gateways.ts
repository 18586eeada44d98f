import {
  getGateway,
  listGateways,
  registryEvent,
  registryEventSubject,
  textOfSubjectToken,
  type GatewayListener,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

export interface GatewayChange {
  readonly gatewayId: string;
  /** Version of the gateway's stream after the change. */
  readonly version: number;
  readonly isDeleted: boolean;
}

const GATEWAY_EVENTS = `${registryEventSubject('gateway')}.>`;
const GATEWAY_TOKEN = registryEventSubject('gateway').split('.').length;

/** The gateways as the registry has them. */
export class RegistryGateways {
  constructor(private readonly nats: NatsConnection) {}

  /** @throws {Failure} when the registry does not answer */
  async list(): Promise<GatewayListener[]> {
    const gateways: GatewayListener[] = [];
    let after: string | undefined;
    do {
      const page = await callService(this.nats, listGateways, after === undefined ? {} : { after });
      gateways.push(...page.gateways);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return gateways;
  }

  /** @throws {Failure} when the registry does not answer */
  async get(gatewayId: string): Promise<GatewayListener | undefined> {
    const { gateway } = await callService(this.nats, getGateway, { gatewayId });
    return gateway ?? undefined;
  }

  /** Tells of changes as they are published; one that is missed is found by listing. */
  watch(onChange: (change: GatewayChange) => void): () => void {
    const subscription = this.nats.subscribe(GATEWAY_EVENTS, {
      callback: (_error, message) => {
        const change = changeOf(message);
        if (change !== undefined) onChange(change);
      },
    });
    return () => subscription.unsubscribe();
  }
}

function changeOf(message: Msg): GatewayChange | undefined {
  try {
    const token = message.subject.split('.')[GATEWAY_TOKEN];
    const event = registryEvent.parse(message.json());
    if (token === undefined) return undefined;
    return {
      gatewayId: textOfSubjectToken(token),
      version: event.streamVersion,
      isDeleted: event.type === 'GatewayDeleted',
    };
  } catch {
    return undefined;
  }
}
