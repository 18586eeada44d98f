import { ReasonCode, topicNameProblem, type PublishPacket } from '@gatehouse/mqtt';
import type { Logger } from '@gatehouse/observability';
import { QosUnsupported, TopicNameInvalid } from '../connection/connection.failures.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { untracedContext, tracedContext, type EdgeSpans } from '../observability/edge-spans.ts';
import type { UplinkPublisher } from '../routing/uplink-publisher.ts';
import { uplinkProperties } from '../routing/uplink-properties.ts';
import { MAX_TOPIC_BYTES, RECEIVE_MAXIMUM, type Session } from '../session/session.ts';

/**
 * What becomes of the reading: `next` packet; `pause` behind this one, until an acknowledgement goes out;
 * `hold` this one, which was not taken, until the uplink has room.
 */
export type PublishOutcome = 'next' | 'pause' | 'hold';

/** Takes what clients publish into the uplink. Runs for every message: allocate and branch sparingly. */
export class PublishHandler {
  constructor(
    readonly uplink: UplinkPublisher,
    private readonly spans: EdgeSpans,
    private readonly metrics: EdgeMetrics,
    private readonly logger: Logger,
  ) {}

  /** @throws {ConnectionFailure} when the message may not be sent like this */
  handle(session: Session, packet: PublishPacket): PublishOutcome {
    const { qos, packetId } = packet;
    if (qos === 2) throw new QosUnsupported();
    const topic = topicOf(session, packet);
    if (topic !== session.validTopic) return this.#deny(session, packet, topic);
    const isVersion5 = session.terms.protocolVersion === 5;
    const room = this.uplink.roomFor(packetId);
    if (room !== 'room') return room === 'full' ? 'hold' : 'next';

    const isFirst = !session.hasPublished;
    session.hasPublished = true;
    const { trace, uplink } = session.ways;
    const { payload } = packet;
    const traced = this.spans.isExporting
      ? this.spans.publish({ topic, qos, bytes: payload.length }, trace, isFirst)
      : undefined;
    const properties = isVersion5 ? uplinkProperties(packet.properties) : undefined;
    const message = {
      deviceName: session.identity.deviceName,
      topic,
      qos,
      retain: packet.retain,
      receivedAt: Date.now(),
      trace: traced === undefined ? untracedContext(trace, isFirst) : tracedContext(traced),
      payload,
    };
    this.uplink.take(
      uplink,
      properties === undefined ? message : { ...message, properties },
      packetId,
      traced,
    );
    if (qos === 0) {
      this.metrics.receivedQos0.add();
      return 'next';
    }
    this.metrics.receivedQos1.add();
    session.unacknowledged += 1;
    // A client that sends more than Receive Maximum is not read until it has been acknowledged: some popular
    // libraries do not heed the limit, and a fleet is to come in unchanged. [MQTT5-3.3.4-9]
    return session.unacknowledged >= RECEIVE_MAXIMUM ? 'pause' : 'next';
  }

  /**
   * Drops a message that the device may not publish. MQTT 5.0 has a reason code for it, in 3.1.1 the message
   * must be acknowledged or the connection closed [MQTT3-3.3.5-2]: the connection goes on.
   */
  #deny(session: Session, { qos, packetId }: PublishPacket, topic: string): PublishOutcome {
    this.metrics.denials.add('publish');
    if (!session.isDenialLogged) {
      session.isDenialLogged = true;
      const { gatewayId, deviceName, number } = session.identity;
      this.logger.info(
        { gatewayId, deviceName, session: number, topic },
        'a device publishes to a topic that its permissions do not allow; its messages there are dropped',
      );
    }
    if (qos === 0) return 'next';
    session.connection.refuse(packetId, ReasonCode.NotAuthorized);
    // What waits for its turn is bounded as what waits to be stored.
    return session.unacknowledged + session.refused.size >= RECEIVE_MAXIMUM ? 'pause' : 'next';
  }
}

/** The topic name of a message, which becomes the session's `validTopic` if it may be published to. */
function topicOf(session: Session, packet: PublishPacket): string {
  const alias = packet.properties?.topicAlias;
  const topic = alias === undefined ? packet.topic : session.aliases.resolve(packet.topic, alias);
  // The same text as one object: comparing it again costs nothing.
  if (topic === session.validTopic) return session.validTopic;
  const problem = topicNameProblem(topic, MAX_TOPIC_BYTES);
  if (problem !== undefined) throw new TopicNameInvalid(problem);
  if (session.permissions.mayPublish(topic)) session.validTopic = topic;
  return topic;
}
