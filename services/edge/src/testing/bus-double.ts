import {
  admitDevice,
  getGateway,
  listGateways,
  registryEventSubject,
  type GatewayListener,
  type ReplyOf,
  type RequestContract,
  type RequestOf,
} from '@gatehouse/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

type AdmitRequest = RequestOf<typeof admitDevice>;
type AdmitReply = ReplyOf<typeof admitDevice>;

/** Registry and auth as an edge sees them: real subjects, real payloads, gateways in a map. */
export class BusDouble {
  readonly gateways = new Map<string, GatewayListener>();
  readonly admissions: AdmitRequest[] = [];
  /** The verdict on a device; by default everyone is who they say. */
  verdict: (request: AdmitRequest) => AdmitReply | Promise<AdmitReply> = ({ username = '' }) => ({
    outcome: 'admitted',
    productKey: 'a1',
    deviceName: username,
    expiresAt: null,
    permissions: [],
    steps: [],
  });
  #auth: Subscription | undefined;
  #registry: readonly Subscription[] = [];

  constructor(private readonly nats: NatsConnection) {
    this.startRegistry();
    this.startAuth();
  }

  startRegistry(): void {
    this.#registry = [
      this.#answer(listGateways, () => ({ gateways: [...this.gateways.values()], next: null })),
      this.#answer(getGateway, ({ gatewayId }) => ({ gateway: this.gateways.get(gatewayId) ?? null })),
    ];
  }

  stopRegistry(): void {
    for (const subscription of this.#registry) subscription.unsubscribe();
  }

  startAuth(): void {
    this.#auth = this.#answer(admitDevice, (request) => {
      this.admissions.push(request);
      return this.verdict(request);
    });
  }

  /** Resolves when NATS knows, so that who asks from then on learns that nobody is there. */
  async stopAuth(): Promise<void> {
    this.#auth?.unsubscribe();
    await this.nats.flush();
  }

  /** Puts a gateway in the registry and publishes the event, as the registry does. */
  put(gateway: GatewayListener): void {
    this.gateways.set(gateway.gatewayId, gateway);
    this.#publish(gateway.gatewayId, gateway.version, 'GatewayChanged');
  }

  delete(gatewayId: string): void {
    const version = (this.gateways.get(gatewayId)?.version ?? 0) + 1;
    this.gateways.delete(gatewayId);
    this.#publish(gatewayId, version, 'GatewayDeleted');
  }

  #publish(gatewayId: string, streamVersion: number, type: string): void {
    this.nats.publish(
      registryEventSubject('gateway', gatewayId),
      JSON.stringify({
        globalPosition: '1',
        streamId: `gateway/${gatewayId}`,
        streamVersion,
        type,
        schemaVersion: 1,
        data: {},
        metadata: { actor: 'test', recordedAt: new Date().toISOString() },
      }),
    );
  }

  #answer<C extends RequestContract>(
    contract: C,
    reply: (request: RequestOf<C>) => ReplyOf<C> | Promise<ReplyOf<C>>,
  ): Subscription {
    return this.nats.subscribe(contract.subject, {
      callback: (_error, message) => {
        const request = contract.request.parse(message.json()) as RequestOf<C>;
        void Promise.resolve(reply(request)).then((answer) =>
          message.respond(JSON.stringify(contract.reply.parse(answer))),
        );
      },
    });
  }
}
