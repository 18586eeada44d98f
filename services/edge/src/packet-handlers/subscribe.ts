import {
  encodeSuback,
  isSharedSubscription,
  ReasonCode,
  topicFilterProblem,
  type SubscribePacket,
  type SubscriptionRequest,
} from '@gatehouse/mqtt';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { MAX_TOPIC_BYTES, type Session } from '../session/session.ts';

/** Answers each filter with the QoS that was granted or the reason why not. */
export function handleSubscribe(session: Session, packet: SubscribePacket, metrics: EdgeMetrics): void {
  const granted = packet.subscriptions.map((request) => subscribe(session, request, packet));
  for (const reasonCode of granted) {
    if (reasonCode >= ReasonCode.UnspecifiedError) metrics.refusedSubscriptions.add(hex(reasonCode));
    if (reasonCode === ReasonCode.NotAuthorized) metrics.denials.add('subscribe');
  }
  session.connection.send(encodeSuback(session.terms.protocolVersion, packet.packetId, granted));
}

function subscribe(
  session: Session,
  request: SubscriptionRequest,
  { subscriptionIdentifier }: SubscribePacket,
): ReasonCode {
  if (isSharedSubscription(request.filter)) return ReasonCode.SharedSubscriptionsNotSupported;
  if (topicFilterProblem(request.filter, MAX_TOPIC_BYTES) !== undefined) return ReasonCode.TopicFilterInvalid;
  if (!session.permissions.maySubscribe(request.filter)) return ReasonCode.NotAuthorized;
  const qos = request.qos === 0 ? 0 : 1;
  const isAdded = session.subscriptions.add({
    filter: request.filter,
    qos,
    retainAsPublished: request.retainAsPublished,
    ...(subscriptionIdentifier === undefined ? {} : { identifier: subscriptionIdentifier }),
  });
  if (!isAdded) return ReasonCode.QuotaExceeded;
  return qos === 0 ? ReasonCode.GrantedQos0 : ReasonCode.GrantedQos1;
}

const hex = (reasonCode: ReasonCode): string => `0x${reasonCode.toString(16)}`;
