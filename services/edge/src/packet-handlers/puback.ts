import { ReasonCode, type AcknowledgementPacket } from '@gatehouse/mqtt';
import type { Session } from '../session/session.ts';

/**
 * The client acknowledges a QoS 1 message, or says that it did not take it. An identifier that is not in use
 * is passed over: neither standard calls it an error, and nothing waits for it.
 */
export function handlePuback(session: Session, packet: AcknowledgementPacket): void {
  session.ways.downlink.acknowledged(packet.packetId, packet.reasonCode < ReasonCode.UnspecifiedError);
}
