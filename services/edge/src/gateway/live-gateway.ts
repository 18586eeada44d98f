import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { AdmissionGuard } from '../admission/admission-guard.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { attemptTls } from '../attempts/attempt-tls.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { AddressLog } from './address-log.ts';
import { verifiedCertificate, type VerifiedCertificate } from './client-certificate.ts';
import { ClientCertificateRefused, PortUnavailable, TlsHandshakeFailed } from './gateway.failures.ts';
import type { HandshakeLine, HandshakeRefusal, HandshakeTurns } from './handshake-line.ts';
import type { TicketKeys } from './ticket-keys.ts';
import { tlsOptions } from './tls-context.ts';
import { PLAIN_TEXT, tlsFailure } from './tls-failure.ts';

/** Takes a client whose TLS handshake is done. */
export type Accept = (socket: Socket, attempt: Attempt) => void;

export interface LiveGatewayParts {
  readonly host: string;
  readonly handshakeTimeoutMs: number;
  readonly handshakes: HandshakeLine;
  readonly accept: Accept;
  readonly attempts: AttemptRecorder;
  /** Spares those a handshake that none of an address can come in with; {@link AdmissionGuard.refusalOfAll}. */
  readonly refusalOfAll: AdmissionGuard['refusalOfAll'];
  readonly ticketKeys: TicketKeys;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
  readonly plainTextLog: AddressLog;
}

/** The kernel cuts it to its own limit (Linux: net.core.somaxconn). */
const BACKLOG = 65_535;
/** A shorter wait is no step of its own. */
const LONG_WAIT_MS = 50;

const HANDSHAKE_REFUSALS: Readonly<Record<HandshakeRefusal, string>> = {
  'handshake-queue-full':
    'too many connections of the gateway wait for their TLS handshake; devices should come back at random moments',
  'handshake-queue-timeout':
    'the turn of the TLS handshake did not come in time; devices should come back at random moments',
};
/** Elsewhere the option is an error, and a machine runs one edge. */
const SHARES_PORTS = process.platform === 'linux' || process.platform === 'freebsd';
/**
 * Each accepts one connection in a turn of the event loop. With a single one a storm waits in the kernel, where
 * nobody refuses anything: whoever is accepted at last may have given up long ago.
 */
const LISTENERS = SHARES_PORTS ? 16 : 1;

/** One gateway's TLS listener. Any number of edges on a machine may have one on the same port. */
export class LiveGateway implements HandshakeTurns {
  readonly #listeners: readonly Server[];
  /** Listens for nothing itself: it gets connections when it is their turn. */
  readonly #tls: TlsServer;
  /** By the TCP connection, which a TLS connection is found by. */
  readonly #attempts = new WeakMap<Socket, Attempt>();

  private constructor(
    private gateway: GatewayListener,
    private readonly parts: LiveGatewayParts,
  ) {
    this.#tls = createTlsServer({
      ...tlsOptions(gateway, parts.ticketKeys.keyOf(gateway)),
      requestCert: gateway.deviceRootCertificate !== null,
      rejectUnauthorized: gateway.deviceRootCertificate !== null,
      handshakeTimeout: parts.handshakeTimeoutMs,
    });
    this.#tls.on('secureConnection', (socket) => this.#connected(socket));
    this.#tls.on('tlsClientError', (error, socket) => this.#handshakeFailed(error, socket));
    this.#listeners = Array.from({ length: LISTENERS }, () =>
      createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#connecting(socket)),
    );
  }

  /** @throws {CertificateUnusable | PortUnavailable} */
  static async open(gateway: GatewayListener, parts: LiveGatewayParts): Promise<LiveGateway> {
    const live = new LiveGateway(gateway, parts);
    try {
      for (const server of live.#listeners) await live.#listen(server);
    } catch (error) {
      live.close();
      throw error;
    }
    return live;
  }

  get port(): number {
    return this.gateway.port;
  }

  /** Whether this listener can serve `gateway` by {@link rekey}: whether it asks for certificates is fixed when it opens. */
  canServe(gateway: GatewayListener): boolean {
    const asksNow = this.gateway.deviceRootCertificate !== null;
    return gateway.port === this.port && asksNow === (gateway.deviceRootCertificate !== null);
  }

  /**
   * New handshakes get the certificate and the device root of `gateway`; connections go on.
   *
   * @throws {CertificateUnusable} and what was served before stays
   */
  rekey(gateway: GatewayListener): void {
    this.#tls.setSecureContext(tlsOptions(gateway, this.parts.ticketKeys.keyOf(gateway)));
    this.gateway = gateway;
  }

  /** New tickets are sealed with the key of now. */
  renewTicketKey(): void {
    const key = this.parts.ticketKeys.keyOf(this.gateway);
    if (key !== undefined) this.#tls.setTicketKeys(key);
  }

  /** Accepts no more; connections go on. */
  close(): void {
    for (const server of this.#listeners) server.close();
    this.parts.handshakes.leave(this);
  }

  begin(socket: Socket): void {
    const attempt = this.#attempts.get(socket);
    if (attempt !== undefined && attempt.milliseconds > LONG_WAIT_MS) attempt.step('handshake-queue', 'ok');
    this.#tls.emit('connection', socket);
  }

  refuse(socket: Socket, reason: HandshakeRefusal): void {
    const attempt = this.#attempts.get(socket);
    this.parts.metrics.tlsFailures.add(reason);
    socket.destroy();
    if (attempt === undefined) return;
    attempt.step('handshake-queue', reason);
    this.parts.attempts.failed(attempt, new TlsHandshakeFailed(reason, HANDSHAKE_REFUSALS[reason]));
  }

  #listen(server: Server): Promise<void> {
    const { gatewayId, port } = this.gateway;
    return new Promise((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void =>
        reject(
          new PortUnavailable(
            gatewayId,
            port,
            error.code === 'EADDRINUSE' ? 'another program listens there' : error.message,
          ),
        );
      server.once('error', refuse);
      server.listen({ host: this.parts.host, port, backlog: BACKLOG, reusePort: SHARES_PORTS }, () => {
        server.off('error', refuse);
        server.on('error', (error) =>
          this.parts.logger.error({ err: error, gatewayId, port }, 'a listener reported an error'),
        );
        resolve();
      });
    });
  }

  #connecting(socket: Socket): void {
    const { gatewayId, version } = this.gateway;
    const remoteAddress = socket.remoteAddress ?? 'unknown';
    const attempt = this.parts.attempts.begin(gatewayId, version, remoteAddress);
    const refusal = this.parts.refusalOfAll(gatewayId, remoteAddress);
    if (refusal !== undefined) {
      socket.destroy();
      this.parts.metrics.tlsFailures.add('address-banned');
      this.parts.attempts.failed(attempt, refusal);
      return;
    }
    this.#attempts.set(socket, attempt);
    // Who leaves while it waits is found out when its turn comes.
    socket.on('error', () => undefined);
    this.parts.handshakes.join(this, socket);
  }

  #connected(socket: TLSSocket): void {
    const attempt = this.#attemptOf(socket);
    attempt.tls = attemptTls(socket, null);
    attempt.step('tls-handshake', attempt.tls.isResumed ? 'resumed' : 'ok');
    const verified = verifiedCertificate(socket);
    const verdict = this.#verdictOn(verified);
    if (verdict !== undefined) {
      this.#handshakeFailed(new Error('the client certificate does not count'), socket, verdict);
      return;
    }
    attempt.clientCertificate = verified?.certificate;
    if (verified !== undefined) {
      const { problem } = verified;
      attempt.step('client-certificate', problem === undefined ? 'ok' : 'no-common-name', problem);
    }
    this.parts.accept(socket, attempt);
  }

  /** What OpenSSL does not look at when a session is resumed: it has the certificate, verified some time ago. */
  #verdictOn(verified: VerifiedCertificate | undefined): string | undefined {
    if (this.gateway.deviceRootCertificate === null) return undefined;
    if (verified === undefined) return 'CERT_UNTRUSTED';
    return Date.now() > verified.notAfterMs ? 'CERT_HAS_EXPIRED' : undefined;
  }

  #handshakeFailed(error: Error, socket: TLSSocket, chainVerdict = chainVerdictOf(socket)): void {
    const { reason, message } = tlsFailure(error, chainVerdict);
    const { metrics, logger, plainTextLog, attempts } = this.parts;
    metrics.tlsFailures.add(reason);
    const attempt = this.#attemptOf(socket);
    const { gatewayId, remoteAddress, id: attemptId } = attempt;
    if (reason !== PLAIN_TEXT) {
      logger.debug({ attemptId, gatewayId, remoteAddress, reason }, 'TLS handshake failed');
    } else if (plainTextLog.isNews(remoteAddress, Date.now())) {
      logger.warn(
        { attemptId, gatewayId, remoteAddress },
        'a client without TLS was disconnected; only TLS is accepted',
      );
    }
    attempt.tls = reason === PLAIN_TEXT ? undefined : attemptTls(socket, message);
    attempt.step('tls-handshake', reason);
    const isCertificate = chainVerdict !== undefined || reason === 'no-client-certificate';
    attempts.failed(
      attempt,
      isCertificate ? new ClientCertificateRefused(reason, message) : new TlsHandshakeFailed(reason, message),
    );
    socket.destroy();
  }

  /** By the TCP socket: a TLS socket that was closed no longer knows its peer. */
  #attemptOf(socket: TLSSocket): Attempt {
    const { _parent: tcp } = socket as TLSSocket & { readonly _parent?: Socket };
    const attempt = tcp === undefined ? undefined : this.#attempts.get(tcp);
    const { gatewayId, version } = this.gateway;
    return attempt ?? this.parts.attempts.begin(gatewayId, version, socket.remoteAddress ?? 'unknown');
  }
}

/** OpenSSL's verdict on the chain of a client that was turned away for it. */
function chainVerdictOf({ authorizationError }: TLSSocket): string | undefined {
  // A code, whatever its type says; null when nothing is wrong.
  const verdict: unknown = authorizationError;
  return typeof verdict === 'string' ? verdict : undefined;
}
