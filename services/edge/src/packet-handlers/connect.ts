import { randomUUID } from 'node:crypto';
import type { TopicPermission } from '@gatehouse/contracts';
import type { ConnackProperties, ConnectPacket } from '@gatehouse/mqtt';
import { context, ROOT_CONTEXT, trace, type Span } from '@opentelemetry/api';
import type { Attempt } from '../attempts/attempt.ts';
import { DeviceRefused } from '../admission/admission.failures.ts';
import type { ClientTurns } from '../admission/client-turns.ts';
import {
  AdmissionChanged,
  ConnectRateExceeded,
  WillTopicDenied,
} from '../admission/connect-limits.failures.ts';
import type { ConnectRate } from '../admission/connect-rate.ts';
import type { Admitted, ConnectionAdmission } from '../admission/connection-admission.ts';
import type { GatewaySettings, LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import { TopicPermissions } from '../routing/topic-permissions.ts';
import type { FlappingDevices } from '../session/flapping-devices.ts';
import type { SessionLifecycle } from '../session/session-lifecycle.ts';
import { SessionDirectoryUnavailable } from '../session/session.failures.ts';
import { RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, type Session } from '../session/session.ts';
import { checkTerms } from './connect-terms.ts';

export interface ConnectParts {
  readonly settings: LiveGatewaySettings;
  readonly turns: ClientTurns;
  readonly admission: ConnectionAdmission;
  readonly rate: ConnectRate;
  readonly flapping: FlappingDevices;
  readonly lifecycle: SessionLifecycle;
}

export interface Connect {
  readonly connection: ClientConnection;
  readonly attempt: Attempt;
  readonly packet: ConnectPacket;
  readonly clientId: string;
  readonly span: Span;
}

interface Connecting extends Connect {
  /** Of the gateway, before anybody was asked. */
  readonly settings: GatewaySettings;
  readonly receivedAt: Date;
  readonly isWaiting: () => boolean;
  readonly deadline: number;
}

/** The Client Identifier of a client; one that brings none is assigned one. [MQTT5-3.1.3-6] */
export function clientIdOf({ clientId }: ConnectPacket): string {
  return clientId === '' ? randomUUID() : clientId;
}

/** Judges a CONNECT and opens the session. */
export class ConnectHandler {
  /** @param timeoutMs how long a client may wait until it is judged */
  constructor(
    private readonly timeoutMs: number,
    private readonly parts: ConnectParts,
  ) {}

  /** @throws {ConnectionFailure} whose reason code is the answer */
  async connect(connect: Connect): Promise<Session> {
    const { connection, attempt, packet, span } = connect;
    const settings = this.parts.settings.of(attempt.gatewayId);
    if (settings === undefined) throw new DeviceRefused('unknown-gateway');
    checkTerms(packet, settings.limits);
    // Its certificate was judged by a device root that is not in force any more.
    if (attempt.gatewayVersion < settings.admissionVersion) throw new AdmissionChanged();
    const connecting: Connecting = {
      ...connect,
      settings,
      receivedAt: new Date(),
      isWaiting: () => connection.isOpen,
      deadline: performance.now() + this.timeoutMs,
    };
    return context.with(trace.setSpan(ROOT_CONTEXT, span), () =>
      this.parts.turns.run(clientKey(connecting), connecting, () => this.#judge(connecting)),
    );
  }

  async #judge(connecting: Connecting): Promise<Session> {
    const { connection, attempt, packet, clientId, settings, isWaiting, deadline } = connecting;
    const admitted = await this.parts.admission.admit({
      gatewayId: settings.gatewayId,
      gatewayVersion: settings.version,
      clientId,
      protocolVersion: packet.protocolVersion,
      username: packet.username,
      password: packet.password,
      remoteAddress: connection.remoteAddress,
      userProperties: packet.properties.userProperties ?? [],
      clientCertificate: attempt.clientCertificate,
      clientChain: attempt.clientChain,
      steps: attempt,
      isWaiting,
      deadline,
    });
    this.#checkAdmitted(connecting, admitted);
    return this.#open(connecting, admitted);
  }

  /** What its gateway asks of a device beyond its credentials; before its former session is ended. */
  #checkAdmitted({ packet, clientId, settings }: Connecting, admitted: Admitted): void {
    const current = this.parts.settings.of(settings.gatewayId);
    if (current === undefined || current.admissionVersion > settings.admissionVersion) {
      throw new AdmissionChanged();
    }
    const { deviceName } = admitted;
    if (packet.will !== undefined) {
      const rules: readonly TopicPermission[] = [...admitted.permissions, ...current.permissions];
      const subject = { deviceName, username: packet.username ?? '', clientId };
      if (!new TopicPermissions(rules, subject).mayPublish(packet.will.topic)) throw new WillTopicDenied();
    }
    this.#checkRate(settings.gatewayId, deviceName, current.limits.connectsPerMinute);
  }

  #checkRate(gatewayId: string, deviceName: string, perMinute: number | null): void {
    try {
      this.parts.rate.take(gatewayId, deviceName, perMinute);
    } catch (error) {
      if (error instanceof ConnectRateExceeded) {
        this.parts.flapping.cameTooOften({ gatewayId, deviceName }, error.code);
      }
      throw error;
    }
  }

  async #open(
    { connection, attempt, packet, clientId, settings, receivedAt, span }: Connecting,
    admitted: Admitted,
  ): Promise<Session> {
    const { gatewayId, admissionVersion, limits } = settings;
    try {
      const { clientChain } = attempt;
      const arrival = {
        connection,
        gatewayId,
        packet,
        clientId,
        clientChain,
        admissionVersion,
        receivedAt,
        span,
      };
      const session = await this.parts.lifecycle.open(arrival, admitted);
      attempt.step('session', 'ok');
      return session;
    } catch (error) {
      // NATS was away: that is not the device's doing.
      if (error instanceof SessionDirectoryUnavailable) {
        this.parts.rate.giveBack(gatewayId, admitted.deviceName, limits.connectsPerMinute);
      }
      throw error;
    }
  }
}

/**
 * Whoever connects with this from there is taken for the same client. The address is in it so that nobody
 * elsewhere can stand in a device's way with its user name and client identifier.
 */
function clientKey({ connection, attempt, packet, clientId, settings }: Connecting): string {
  const fingerprint = attempt.clientCertificate?.fingerprint ?? '';
  return JSON.stringify([
    settings.gatewayId,
    connection.remoteAddress,
    fingerprint,
    packet.username ?? '',
    clientId,
  ]);
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
