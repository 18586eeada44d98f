import type { deliverMessage, ReplyOf, RequestOf } from '@gatehouse/contracts';
import type { PublishProperties } from '@gatehouse/mqtt';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { Sessions } from '../session/sessions.ts';

type DeliverContract = ReturnType<typeof deliverMessage>;
type DownlinkMessage = RequestOf<DeliverContract>['message'];

/** Hands messages to the devices that are connected here. */
export class DownlinkDelivery {
  constructor(
    private readonly sessions: Sessions,
    private readonly metrics: EdgeMetrics,
  ) {}

  async deliver(request: RequestOf<DeliverContract>): Promise<ReplyOf<DeliverContract>> {
    const outcome = await this.#outcome(request);
    this.metrics.downlink.add(outcome);
    return { outcome };
  }

  async #outcome({
    productKey,
    deviceName,
    message,
  }: RequestOf<DeliverContract>): Promise<ReplyOf<DeliverContract>['outcome']> {
    const session = this.sessions.find(productKey, deviceName);
    if (session === undefined || !session.connection.isOpen) return 'offline';
    const match = session.subscriptions.match(message.topic);
    if (match === undefined) return 'not-subscribed';
    return session.ways.downlink.deliver({
      topic: message.topic,
      payload: Buffer.from(message.payload, 'base64'),
      qos: message.qos === 1 && match.qos === 1 ? 1 : 0,
      // [MQTT5-3.3.1-12] [MQTT3-3.3.1-9]: it was not stored, so RETAIN stays only where that was asked for.
      retain: message.retain && match.retainAsPublished,
      properties: publishProperties(message, match.identifiers),
    });
  }
}

function publishProperties(message: DownlinkMessage, identifiers: readonly number[]): PublishProperties {
  const { expirySeconds, contentType, responseTopic, correlationData, userProperties } = message;
  return {
    ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData, 'base64') }),
    ...(userProperties === undefined ? {} : { userProperties }),
    ...(identifiers.length === 0 ? {} : { subscriptionIdentifiers: identifiers }),
  };
}
