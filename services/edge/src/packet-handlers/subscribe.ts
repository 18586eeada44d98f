import {
  encodeSuback,
  isSharedSubscription,
  ReasonCode,
  topicFilterProblem,
  type SubscribePacket,
  type SubscriptionRequest,
} from '@gatehouse/mqtt';
import { MAX_TOPIC_BYTES, type Session } from '../session/session.ts';

/** Answers each filter with the QoS that was granted or the reason why not. */
export function handleSubscribe(session: Session, packet: SubscribePacket): void {
  const granted = packet.subscriptions.map((request) => subscribe(session, request, packet));
  session.connection.send(encodeSuback(session.terms.protocolVersion, packet.packetId, granted));
}

function subscribe(
  session: Session,
  request: SubscriptionRequest,
  { subscriptionIdentifier }: SubscribePacket,
): ReasonCode {
  if (isSharedSubscription(request.filter)) return ReasonCode.SharedSubscriptionsNotSupported;
  if (topicFilterProblem(request.filter, MAX_TOPIC_BYTES) !== undefined) return ReasonCode.TopicFilterInvalid;
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
