import { traceContextOf } from '@gatehouse/observability';
import type { Span } from '@opentelemetry/api';
import type { ConnectPacket } from '@gatehouse/mqtt';
import { AdmissionChanged } from '../admission/connect-limits.failures.ts';
import type { ConnectRate } from '../admission/connect-rate.ts';
import type { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { Admitted } from '../admission/connection-admission.ts';
import { ClientGone } from '../admission/admission.failures.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { UplinkPublisher } from '../routing/uplink-publisher.ts';
import type { ClientChain } from '../revocation/client-chain.ts';
import type { LiveVerdicts } from '../revocation/live-verdicts.ts';
import { clientTerms } from './client-terms.ts';
import type { FlappingDevices } from './flapping-devices.ts';
import type { Presence } from './presence.ts';
import type { SessionDirectory } from './session-directory.ts';
import { SessionDownlink, type DownlinkLimits } from './session-downlink.ts';
import type { SessionTakeover } from './session-takeover.ts';
import { SessionTakenOver } from './session.failures.ts';
import { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface SessionParts {
  readonly sessions: Sessions;
  readonly directory: SessionDirectory;
  readonly takeover: SessionTakeover;
  readonly presence: Presence;
  readonly uplink: UplinkPublisher;
  readonly metrics: EdgeMetrics;
  readonly settings: LiveGatewaySettings;
  readonly rate: ConnectRate;
  readonly flapping: FlappingDevices;
  readonly liveVerdicts: LiveVerdicts;
  readonly downlinkLimits: DownlinkLimits;
}

export interface Arrival {
  readonly connection: ClientConnection;
  readonly gatewayId: string;
  readonly packet: ConnectPacket;
  readonly clientId: string;
  /** Of its verified certificate. */
  readonly clientChain: ClientChain | undefined;
  /** Of the gateway, as it was before anybody was asked. */
  readonly admissionVersion: number;
  /** Before anybody was asked: what changes later may end the session. */
  readonly receivedAt: Date;
  /** Of the CONNECT. */
  readonly span: Span;
}

/** Opens the session of an admitted device, and closes it again with all that hangs on it. */
export class SessionLifecycle {
  constructor(private readonly parts: SessionParts) {}

  /**
   * Claims the device, ends its former session wherever that is, and reports it as connected.
   *
   * @throws {ConnectionFailure} when the claim is lost or the client is gone
   */
  async open(arrival: Arrival, admitted: Admitted): Promise<Session> {
    const { sessions, takeover, uplink, metrics } = this.parts;
    const { connection, gatewayId, admissionVersion, receivedAt: connectedAt } = arrival;
    const device = { productKey: admitted.productKey, deviceName: admitted.deviceName };
    const { credentialVersion } = admitted;
    const claim = await takeover.claim(device, { gatewayId, connectedAt, credentialVersion });
    const { number } = claim;

    if (!connection.isOpen) {
      await takeover.abandon(device, claim);
      throw new ClientGone();
    }
    const settings = this.parts.settings.of(gatewayId);
    if (settings === undefined || settings.admissionVersion > admissionVersion) {
      await takeover.abandon(device, claim);
      throw new AdmissionChanged();
    }
    const older = sessions.find(device.productKey, device.deviceName);
    if (older !== undefined && older.identity.number > number) throw new SessionTakenOver();
    older?.connection.close(new SessionTakenOver());

    const terms = clientTerms(arrival.packet, arrival.clientId);
    const session = new Session(
      {
        gatewayId,
        ...device,
        number,
        connectedAt,
        credentialVersion,
        expiresAtMs: admitted.expiresAtMs,
        admissionVersion,
        authenticatorRules: admitted.permissions,
      },
      terms,
      connection,
      {
        uplink: uplink.join({ gatewayId, ...device }, connection),
        downlink: new SessionDownlink(connection, terms, this.parts.downlinkLimits, metrics),
        trace: traceContextOf(arrival.span.spanContext()),
      },
    );
    session.apply(settings);
    sessions.add(session);
    await takeover.endElsewhere(device, claim.formers);
    // Both may have ended while the other edge was asked; nobody has heard of this session yet.
    if (!connection.isOpen) {
      this.#remove(session);
      throw new ClientGone();
    }
    this.parts.presence.connected(session);
    if (arrival.clientChain !== undefined) this.parts.liveVerdicts.watch(session, arrival.clientChain);
    return session;
  }

  /** @param reason the code of a failure, or why the connection ended without one */
  end(session: Session, reason: string): void {
    this.#remove(session);
    this.parts.presence.disconnected(session, reason);
    this.parts.metrics.disconnects.add(reason);
    const { gatewayId, deviceName } = session.identity;
    const { settings, rate, flapping } = this.parts;
    flapping.ended(session.identity, reason);
    if (reason === 'client-disconnected') {
      rate.giveBack(gatewayId, deviceName, settings.of(gatewayId)?.limits.connectsPerMinute ?? null);
    }
  }

  /** Resolves when others know of all that happened here, or when `deadline` aborts. */
  async settled(deadline: AbortSignal): Promise<void> {
    const { presence, directory } = this.parts;
    await Promise.all([presence.flush(deadline), directory.settled(deadline)]);
  }

  close(): void {
    this.parts.presence.close();
  }

  #remove(session: Session): void {
    const { sessions, directory, uplink } = this.parts;
    sessions.remove(session);
    this.parts.liveVerdicts.forget(session);
    session.ways.downlink.end();
    uplink.leave(session.ways.uplink);
    directory.release(session.identity, session.identity.number);
  }
}
