import { randomUUID } from 'node:crypto';
import type { ConnackProperties, ConnectPacket } from '@gatehouse/mqtt';
import { context, ROOT_CONTEXT, trace, type Span } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt.ts';
import type { ConnectionAdmission } from '../admission/connection-admission.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { SessionLifecycle } from '../session/session-lifecycle.ts';
import { RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, type Session } from '../session/session.ts';
import { checkTerms } from './connect-terms.ts';

/** Judges a CONNECT and opens the session. */
export class ConnectHandler {
  constructor(
    private readonly admission: ConnectionAdmission,
    private readonly lifecycle: SessionLifecycle,
  ) {}

  /** @throws {ConnectionFailure} whose reason code is the answer */
  async connect(
    connection: ClientConnection,
    attempt: Attempt,
    packet: ConnectPacket,
    span: Span,
  ): Promise<Session> {
    const { gatewayId } = attempt;
    checkTerms(packet);
    const clientId = packet.clientId === '' ? randomUUID() : packet.clientId;
    return context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      const admitted = await this.admission.admit({
        gatewayId,
        gatewayVersion: attempt.gatewayVersion,
        clientId,
        protocolVersion: packet.protocolVersion,
        username: packet.username,
        password: packet.password,
        remoteAddress: connection.remoteAddress,
        userProperties: packet.properties.userProperties ?? [],
        clientCertificate: attempt.clientCertificate,
        steps: attempt,
        isWaiting: () => connection.isOpen,
      });
      const session = await this.lifecycle.open({ connection, gatewayId, packet, clientId, span }, admitted);
      attempt.step('session', 'ok');
      return session;
    });
  }
}

/** What an MQTT 5.0 client is told of our limits, and of what differs from what it asked for. */
export function connackProperties(
  packet: ConnectPacket,
  session: Session,
  maxPacketBytes: number,
): ConnackProperties {
  const { sessionExpiryInterval } = packet.properties;
  return {
    receiveMaximum: RECEIVE_MAXIMUM,
    maximumQos: 1,
    maximumPacketSize: maxPacketBytes,
    topicAliasMaximum: TOPIC_ALIAS_MAXIMUM,
    sharedSubscriptionAvailable: false,
    ...(packet.clientId === '' ? { assignedClientIdentifier: session.terms.clientId } : {}),
    // Sessions end with their connection here, and a client that counts on more must know. [MQTT5-3.2.2-6]
    ...(sessionExpiryInterval === undefined || sessionExpiryInterval === 0
      ? {}
      : { sessionExpiryInterval: 0 }),
  };
}
