import type { Socket } from 'node:net';
import { Failure } from '@gatehouse/failure';
import {
  encodeConnack,
  PacketReader,
  ReasonCode,
  type ClientPacket,
  type ConnectPacket,
  type PublishPacket,
} from '@gatehouse/mqtt';
import { failSpan, type Logger } from '@gatehouse/observability';
import type { Span } from '@opentelemetry/api';
import { ClientGone, DeviceRefused } from '../admission/admission.failures.ts';
import type { AdmissionGuard } from '../admission/admission-guard.ts';
import { RefusedUnasked } from '../admission/connect-limits.failures.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { RecordedConnection } from '../attempts/recorded-connection.ts';
import type { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import { connectOutcome, refusalReason } from '../observability/connect-outcome.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { EdgeSpans } from '../observability/edge-spans.ts';
import { clientIdOf, connackProperties, type ConnectHandler } from '../packet-handlers/connect.ts';
import { handlePingreq } from '../packet-handlers/pingreq.ts';
import { handlePuback } from '../packet-handlers/puback.ts';
import type { PublishHandler } from '../packet-handlers/publish.ts';
import { handleSubscribe } from '../packet-handlers/subscribe.ts';
import { handleUnsubscribe } from '../packet-handlers/unsubscribe.ts';
import type { SessionLifecycle } from '../session/session-lifecycle.ts';
import { AdmissionExpired } from '../session/session.failures.ts';
import { RECEIVE_MAXIMUM, type Session } from '../session/session.ts';
import type { ClientConnection, QuietEnd } from './client-connection.ts';
import { isReasoned, lastPacket, type ReasonedFailure } from './close-reason.ts';
import { mayMove, type ConnectionState } from './connection-state.ts';
import {
  ClientStalled,
  ConnectionBroken,
  ConnectTimedOut,
  EdgeStopping,
  KeepAliveExpired,
  PacketUnexpected,
} from './connection.failures.ts';
import { silenceLimitMs } from './keep-alive.ts';
import type { Departures } from './departures.ts';
import type { OpenConnections } from './open-connections.ts';
import { OutboundWrites } from './outbound-writes.ts';

export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  readonly maxPacketBytes: number;
  readonly outboundQueueBytes: number;
  readonly outboundStallMs: number;
}

export interface ConnectionParts {
  readonly edgeId: string;
  readonly limits: ConnectionLimits;
  readonly open: OpenConnections;
  readonly departures: Departures;
  readonly guard: AdmissionGuard;
  readonly connect: ConnectHandler;
  readonly publish: PublishHandler;
  readonly lifecycle: SessionLifecycle;
  readonly attempts: AttemptRecorder;
  readonly settings: LiveGatewaySettings;
  readonly metrics: EdgeMetrics;
  readonly spans: EdgeSpans;
  readonly logger: Logger;
}

/** Why a socket is not read for the moment; bits of one number, since reasons overlap. */
const Pause = { admission: 1, uplink: 2, acknowledgement: 4, outbound: 8, leaving: 16 } as const;

/** How long a closed connection may take to be closed by the client too. */
const LINGER_MS = 2_000;

let connections = 0;

/** One client, from the end of its TLS handshake to the end of its socket. */
export class MqttConnection implements ClientConnection {
  readonly id: string;
  readonly remoteAddress: string;
  readonly #gatewayId: string;
  readonly #record: RecordedConnection;
  /** What was announced holds for as long as the connection. */
  readonly #maxPacketBytes: number;
  readonly #reader: PacketReader;
  readonly #logger: Logger;
  #state: ConnectionState = 'awaiting-connect';
  #session: Session | undefined;
  #silenceLimitMs = Number.POSITIVE_INFINITY;
  #endReason = '';
  #pauses = 0;
  /** A PUBLISH that the uplink had no room for; it is taken before anything more is read. */
  #held: PublishPacket | undefined;
  readonly #writes: OutboundWrites;
  #lastReadAt = performance.now();
  #closedAt = Number.POSITIVE_INFINITY;
  /** Why it will be closed when its turn comes. */
  #leaving: ReasonedFailure | QuietEnd | undefined;

  constructor(
    private readonly socket: Socket,
    attempt: Attempt,
    private readonly parts: ConnectionParts,
  ) {
    connections += 1;
    this.id = `${parts.edgeId}-${connections.toString(36)}`;
    this.remoteAddress = attempt.remoteAddress;
    this.#gatewayId = attempt.gatewayId;
    this.#record = new RecordedConnection(attempt, parts.attempts);
    this.#logger = parts.logger;
    const { maxPacketBytes } = parts.settings.of(attempt.gatewayId)?.limits ?? parts.limits;
    this.#maxPacketBytes = Math.min(maxPacketBytes, parts.limits.maxPacketBytes);
    this.#reader = new PacketReader({ maxPacketBytes: this.#maxPacketBytes });
    this.#writes = new OutboundWrites(socket, {
      sentBytes: parts.metrics.sentBytes,
      protocolVersion: () => this.#session?.terms.protocolVersion ?? 4,
      onStalled: () => this.#pause(Pause.outbound),
    });
    parts.open.add(this);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('error', (error) => this.#logger.debug({ err: error, connection: this.id }, 'socket error'));
    socket.on('close', () => {
      this.leave('connection-closed');
      this.#forgetWhenOver();
    });
  }

  get isOpen(): boolean {
    return this.#state !== 'closing' && this.#leaving === undefined;
  }

  get hasRoom(): boolean {
    return this.socket.writableLength < this.parts.limits.outboundQueueBytes;
  }

  send(packet: Uint8Array): void {
    if (this.#state !== 'closing') this.#writes.packet(packet);
  }

  acknowledge(packetId: number): void {
    const session = this.#session;
    if (session === undefined || this.#state === 'closing') return;
    this.#writes.acknowledge(packetId, ReasonCode.Success);
    session.unacknowledged -= 1;
    if (session.refused.size > 0) session.refused.stored(this.#writes.acknowledge);
    if ((this.#pauses & Pause.acknowledgement) !== 0 && session.unacknowledged < RECEIVE_MAXIMUM) {
      this.#resume(Pause.acknowledgement);
    }
  }

  refuse(packetId: number, reasonCode: ReasonCode): void {
    const session = this.#session;
    if (session === undefined || this.#state === 'closing') return;
    if (session.unacknowledged > 0) session.refused.add(packetId, reasonCode, session.unacknowledged);
    else this.#writes.acknowledge(packetId, reasonCode);
  }

  leave(reason: ReasonedFailure | QuietEnd): void {
    if (!this.isOpen) return;
    // Whoever judges it is told at once.
    if (this.#state === 'admitting') {
      this.close(reason);
      return;
    }
    this.#leaving = reason;
    this.#pause(Pause.leaving);
    this.parts.departures.add(() => this.close(reason));
  }

  close(latest: ReasonedFailure | QuietEnd): void {
    const state = this.#state;
    if (!mayMove(state, 'closing')) return;
    const reason = this.#leaving ?? latest;
    this.#state = 'closing';
    this.#closedAt = performance.now();
    this.#endReason = typeof reason === 'string' ? reason : reason.code;
    this.#held = undefined;
    this.parts.publish.uplink.forgetWaiter(this.#onRoom);
    const packet = typeof reason === 'string' ? undefined : this.#lastPacket(state, reason);
    this.#writes.end(packet);
    // Most leave when all is decided, and a stack trace is not for free.
    const { attempt } = this.#record;
    if (attempt !== undefined) {
      if (state === 'awaiting-connect' && !(reason instanceof EdgeStopping)) this.parts.guard.wasted(attempt);
      this.#record.failed(typeof reason === 'string' ? new ClientGone() : reason, packet);
    }
    // What still arrives is thrown away: a socket that is closed with unread data resets the connection,
    // and the client would lose the packet that tells it why.
    this.socket.resume();
    if (this.#session !== undefined) this.#endSession(this.#session);
    this.#forgetWhenOver();
  }

  checkDeadlines(now: number): void {
    const { limits } = this.parts;
    switch (this.#state) {
      case 'awaiting-connect':
        if (now - (this.#record.attempt?.turnAt ?? now) > limits.connectTimeoutMs) {
          this.leave(new ConnectTimedOut(limits.connectTimeoutMs));
        }
        return;
      case 'admitting':
        return;
      case 'closing':
        if (now - this.#closedAt > LINGER_MS) this.socket.destroy();
        return;
      case 'connected':
        if (now - this.#writes.stalledSince > limits.outboundStallMs) {
          this.leave(new ClientStalled(limits.outboundStallMs));
        } else if (this.#pauses === 0 && now - this.#lastReadAt > this.#silenceLimitMs) {
          this.leave(new KeepAliveExpired(this.#session?.terms.keepAliveSeconds ?? 0));
        } else if (Date.now() > (this.#session?.identity.expiresAtMs ?? 0)) {
          this.leave(new AdmissionExpired());
        }
    }
  }

  #lastPacket(state: ConnectionState, reason: ReasonedFailure): Buffer | undefined {
    const { protocolVersion } = this.#reader;
    const maximumPacketBytes = this.#session?.terms.maximumPacketBytes ?? Number.POSITIVE_INFINITY;
    return lastPacket({ state, protocolVersion, maximumPacketBytes }, reason);
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'closing') return;
    this.#lastReadAt = performance.now();
    this.parts.metrics.receivedBytes.add(chunk.length);
    try {
      this.#reader.read(chunk, this.#onPacket);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onPacket = (packet: ClientPacket): boolean => {
    if (this.#state === 'connected' && this.#session !== undefined) this.#take(this.#session, packet);
    else if (this.#state === 'awaiting-connect') this.#admit(packet);
    return this.#mayRead();
  };

  #take(session: Session, packet: ClientPacket): void {
    switch (packet.type) {
      case 'publish': {
        const outcome = this.parts.publish.handle(session, packet);
        if (outcome === 'next') return;
        if (outcome === 'hold') this.#hold(packet);
        else this.#pause(Pause.acknowledgement);
        return;
      }
      case 'puback':
        handlePuback(session, packet);
        return;
      case 'pingreq':
        handlePingreq(session);
        return;
      case 'subscribe':
        handleSubscribe(session, packet, this.parts.metrics);
        return;
      case 'unsubscribe':
        handleUnsubscribe(session, packet);
        return;
      case 'disconnect':
        this.leave('client-disconnected');
        return;
      case 'connect':
        throw new PacketUnexpected(packet.type, 'a second time');
      case 'pubrec':
      case 'pubrel':
      case 'pubcomp':
      case 'auth':
        throw new PacketUnexpected(packet.type, 'here: neither QoS 2 nor extended authentication is in use');
    }
  }

  #admit(packet: ClientPacket): void {
    const { attempt } = this.#record;
    if (packet.type !== 'connect' || attempt === undefined) {
      throw new PacketUnexpected(packet.type, 'before CONNECT');
    }
    attempt.connect = packet;
    attempt.step('connect-packet', 'ok');
    this.#state = 'admitting';
    this.#pause(Pause.admission);
    const span = this.parts.spans.connect(this.#gatewayId, packet.protocolVersion);
    void this.#connect(packet, attempt, span);
  }

  async #connect(packet: ConnectPacket, attempt: Attempt, span: Span): Promise<void> {
    const clientId = clientIdOf(packet);
    try {
      const session = await this.parts.connect.connect({ connection: this, attempt, packet, clientId, span });
      this.#connected(packet, session);
    } catch (error) {
      const failure = this.#reasonOf(error);
      failSpan(span, failure);
      this.parts.metrics.connects.add(connectOutcome(failure));
      this.parts.metrics.refusals.add(refusalReason(failure));
      const { remoteAddress, id } = this;
      const { gatewayId, id: attemptId } = attempt;
      const refusal = failure instanceof DeviceRefused ? failure.reason : failure.message;
      // Of who is turned away unasked the log has heard, and the records count the rest.
      this.#logger[failure instanceof RefusedUnasked ? 'debug' : 'info'](
        { connection: id, attemptId, gatewayId, clientId, remoteAddress, code: failure.code, refusal },
        'client refused',
      );
      this.close(failure);
    } finally {
      span.end();
    }
  }

  #connected(packet: ConnectPacket, session: Session): void {
    this.#session = session;
    // Ended between the last question and here.
    if (!mayMove(this.#state, 'connected')) {
      this.#endSession(session);
      return;
    }
    this.#state = 'connected';
    this.#silenceLimitMs = silenceLimitMs(packet.keepAliveSeconds);
    this.parts.metrics.connects.add('accepted');
    this.send(
      encodeConnack(packet.protocolVersion, {
        sessionPresent: false,
        reasonCode: ReasonCode.Success,
        properties: connackProperties(packet, session, this.#maxPacketBytes),
      }),
    );
    this.#record.admitted(session);
    this.#log(session, 'client connected');
    this.#resume(Pause.admission);
  }

  #endSession(session: Session): void {
    this.parts.lifecycle.end(session, this.#endReason);
    this.#record.ended(session, this.#endReason);
    this.#log(session, 'client disconnected', this.#endReason);
  }

  #forgetWhenOver(): void {
    if (this.#state === 'closing' && this.socket.closed) this.parts.open.remove(this);
  }

  #fail(error: unknown): void {
    const failure = this.#reasonOf(error);
    const { id: connection, remoteAddress } = this;
    const gatewayId = this.#gatewayId;
    this.#logger.info(
      { connection, gatewayId, remoteAddress, code: failure.code, reason: failure.message },
      'connection closed',
    );
    this.close(failure);
  }

  #reasonOf(error: unknown): ReasonedFailure {
    if (error instanceof Failure && isReasoned(error)) return error;
    this.#logger.error({ err: error, connection: this.id }, 'a packet could not be handled');
    return new ConnectionBroken(error);
  }

  #log(session: Session, message: string, reason?: string): void {
    const { gatewayId, deviceName, number } = session.identity;
    const { clientId, protocolVersion } = session.terms;
    const { id: connection, remoteAddress } = this;
    this.#logger.info(
      {
        connection,
        gatewayId,
        deviceName,
        session: number,
        clientId,
        protocolVersion,
        remoteAddress,
        reason,
      },
      message,
    );
  }

  #hold(packet: PublishPacket): void {
    this.#held = packet;
    this.#pause(Pause.uplink);
    this.parts.publish.uplink.whenRoom(this.#onRoom);
  }

  readonly #onRoom = (): void => this.#resume(Pause.uplink);

  #pause(reason: number): void {
    if (this.#pauses === 0) this.socket.pause();
    if (reason !== Pause.admission && reason !== Pause.leaving) this.parts.metrics.readingPauses.add();
    this.#pauses |= reason;
  }

  /** Reads on where reading stopped: the packet that was held, what was read already, then the socket. */
  #resume(reason: number): void {
    this.#pauses &= ~reason;
    if (this.#pauses !== 0 || this.#state === 'closing') return;
    this.#lastReadAt = performance.now();
    try {
      const held = this.#held;
      this.#held = undefined;
      if (held !== undefined && this.#session !== undefined) this.#take(this.#session, held);
      if (this.#mayRead()) this.#reader.resume(this.#onPacket);
      if (this.#mayRead()) this.socket.resume();
    } catch (error) {
      this.#fail(error);
    }
  }

  #mayRead(): boolean {
    return this.#pauses === 0 && this.isOpen;
  }

  #drained(): void {
    this.#writes.drained();
    this.#session?.ways.downlink.sendWaiting();
    if ((this.#pauses & Pause.outbound) !== 0) this.#resume(Pause.outbound);
  }
}
