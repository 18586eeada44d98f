import { topicNameProblem, type PublishPacket } from '@gatehouse/mqtt';
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
  ) {}

  /** @throws {ConnectionFailure} when the message may not be sent like this */
  handle(session: Session, packet: PublishPacket): PublishOutcome {
    const { qos, packetId } = packet;
    if (qos === 2) throw new QosUnsupported();
    const topic = topicOf(session, packet);
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
}

function topicOf(session: Session, packet: PublishPacket): string {
  const alias = packet.properties?.topicAlias;
  const topic = alias === undefined ? packet.topic : session.aliases.resolve(packet.topic, alias);
  if (topic !== session.validTopic) {
    const problem = topicNameProblem(topic, MAX_TOPIC_BYTES);
    if (problem !== undefined) throw new TopicNameInvalid(problem);
    session.validTopic = topic;
  }
  return topic;
}
