import { encodeUnsuback, ReasonCode, type UnsubscribePacket } from '@gatehouse/mqtt';
import type { Session } from '../session/session.ts';

export function handleUnsubscribe(session: Session, packet: UnsubscribePacket): void {
  const results = packet.filters.map((filter) =>
    session.subscriptions.remove(filter) ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted,
  );
  session.connection.send(encodeUnsuback(session.terms.protocolVersion, packet.packetId, results));
}
