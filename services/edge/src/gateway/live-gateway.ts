import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { AddressLog } from './address-log.ts';
import { PortUnavailable } from './gateway.failures.ts';
import { tlsOptions } from './tls-context.ts';
import { PLAIN_TEXT, tlsFailureReason } from './tls-failure.ts';

/** Takes a client whose TLS handshake is done. */
export type Accept = (socket: Socket, gatewayId: string, acceptedAt: number) => void;

export interface LiveGatewayParts {
  readonly host: string;
  readonly handshakeTimeoutMs: number;
  readonly accept: Accept;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
  readonly plainTextLog: AddressLog;
}

const BACKLOG = 4_096;
/** Elsewhere the option is an error, and a machine runs one edge. */
const SHARES_PORTS = process.platform === 'linux' || process.platform === 'freebsd';

/** One gateway's TLS listener. Any number of edges on a machine may have one on the same port. */
export class LiveGateway {
  readonly #server: Server;
  /** When each connection was accepted whose handshake goes on, by peer. */
  readonly #accepted = new Map<string, number>();

  private constructor(
    private readonly gateway: GatewayListener,
    private readonly parts: LiveGatewayParts,
  ) {
    this.#server = createServer({
      ...tlsOptions(gateway),
      handshakeTimeout: parts.handshakeTimeoutMs,
      noDelay: true,
    });
    this.#server.on('connection', (socket) => this.#connecting(socket));
    this.#server.on('secureConnection', (socket) => this.#connected(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#handshakeFailed(error, socket));
  }

  /** @throws {CertificateUnusable | PortUnavailable} */
  static async open(gateway: GatewayListener, parts: LiveGatewayParts): Promise<LiveGateway> {
    const live = new LiveGateway(gateway, parts);
    await live.#listen();
    return live;
  }

  get port(): number {
    return this.gateway.port;
  }

  /**
   * New handshakes get the certificate of `gateway`; connections go on.
   *
   * @throws {CertificateUnusable} and the former certificate stays
   */
  rekey(gateway: GatewayListener): void {
    this.#server.setSecureContext(tlsOptions(gateway));
  }

  /** Accepts no more; connections go on. */
  close(): void {
    this.#server.close();
  }

  #listen(): Promise<void> {
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
      this.#server.once('error', refuse);
      this.#server.listen({ host: this.parts.host, port, backlog: BACKLOG, reusePort: SHARES_PORTS }, () => {
        this.#server.off('error', refuse);
        this.#server.on('error', (error) =>
          this.parts.logger.error({ err: error, gatewayId, port }, 'a listener reported an error'),
        );
        resolve();
      });
    });
  }

  #connecting(socket: Socket): void {
    const peer = peerOf(socket);
    this.#accepted.set(peer, performance.now());
    socket.once('close', () => this.#accepted.delete(peer));
  }

  #connected(socket: TLSSocket): void {
    const peer = peerOf(socket);
    const acceptedAt = this.#accepted.get(peer) ?? performance.now();
    this.#accepted.delete(peer);
    this.parts.accept(socket, this.gateway.gatewayId, acceptedAt);
  }

  #handshakeFailed(error: Error, socket: TLSSocket): void {
    const reason = tlsFailureReason(error);
    const { metrics, logger, plainTextLog } = this.parts;
    metrics.tlsFailures.add(reason);
    const remoteAddress = socket.remoteAddress ?? 'unknown';
    const { gatewayId } = this.gateway;
    if (reason !== PLAIN_TEXT) {
      logger.debug({ gatewayId, remoteAddress, reason }, 'TLS handshake failed');
    } else if (plainTextLog.isNews(remoteAddress, Date.now())) {
      logger.warn(
        { gatewayId, remoteAddress },
        'a client without TLS was disconnected; only TLS is accepted',
      );
    }
    socket.destroy();
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
