import { randomUUID } from 'node:crypto';
import type { ConnackProperties, ConnectPacket } from '@gatehouse/mqtt';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ConnectionAdmission } from '../admission/connection-admission.ts';
import type { Arrival, SessionLifecycle } from '../session/session-lifecycle.ts';
import { RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, type Session } from '../session/session.ts';
import { checkTerms } from './connect-terms.ts';

/** The Client Identifier of a client; one that brings none is assigned one. [MQTT5-3.1.3-6] */
export function clientIdOf({ clientId }: ConnectPacket): string {
  return clientId === '' ? randomUUID() : clientId;
}

/** Judges a CONNECT and opens the session. */
export class ConnectHandler {
  constructor(
    private readonly admission: ConnectionAdmission,
    private readonly lifecycle: SessionLifecycle,
  ) {}

  /** @throws {ConnectionFailure} whose reason code is the answer */
  async connect(arrival: Arrival): Promise<Session> {
    const { connection, gatewayId, packet, clientId, span } = arrival;
    checkTerms(packet);
    return context.with(trace.setSpan(ROOT_CONTEXT, span), async () => {
      const admitted = await this.admission.admit({
        gatewayId,
        clientId,
        protocolVersion: packet.protocolVersion,
        username: packet.username,
        password: packet.password,
        remoteAddress: connection.remoteAddress,
        userProperties: packet.properties.userProperties ?? [],
        isWaiting: () => connection.isOpen,
      });
      return this.lifecycle.open(arrival, admitted);
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
