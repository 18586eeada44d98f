import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '@gatehouse/observability';
import type { Attempt } from '../attempts/attempt.ts';
import type { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { failedAttemptTls } from '../attempts/attempt-tls.ts';
import type { AddressLimits } from './address-limits.ts';
import type { FailedHandshakes } from './failed-handshakes.ts';
import { readFirstBytes, type FirstBytes } from './first-bytes.ts';
import { PortUnavailable } from './gateway.failures.ts';
import type { LiveGateway } from './live-gateway.ts';
import { knownTlsFailure, PLAIN_TEXT } from './tls-failure.ts';

export interface GatewayPortParts {
  readonly host: string;
  readonly handshakeTimeoutMs: number;
  readonly addresses: AddressLimits;
  readonly attempts: AttemptRecorder;
  readonly failures: FailedHandshakes;
  readonly logger: Logger;
}

/** The kernel cuts it to its own limit (Linux: net.core.somaxconn). */
const BACKLOG = 65_535;
/** Elsewhere the option is an error, and a machine runs one edge. */
const SHARES_PORTS = process.platform === 'linux' || process.platform === 'freebsd';
/**
 * Each accepts one connection in a turn of the event loop. With a single one a storm waits in the kernel, where
 * nobody refuses anything: whoever is accepted at last may have given up long ago.
 */
const LISTENERS = SHARES_PORTS ? 16 : 1;
/** How long a client that was sent an alert may take to close. */
const LINGER_MS = 2_000;

/** Fatal alerts (RFC 8446 §6), each as a record of its own. */
const alert = (description: number): Buffer => Buffer.of(21, 3, 3, 0, 2, 2, description);
const DECODE_ERROR = alert(50);
const UNRECOGNIZED_NAME = alert(112);

/**
 * One port, and the gateways that share it. Which of them a connection is for is read from its ClientHello,
 * before TLS begins: so each gateway has a TLS of its own, as if the port were its alone. Any number of edges
 * on a machine may have the same port.
 */
export class GatewayPort {
  readonly #servers: readonly Server[];
  readonly #gateways = new Map<string, LiveGateway>();

  private constructor(
    readonly port: number,
    private readonly parts: GatewayPortParts,
  ) {
    this.#servers = Array.from({ length: LISTENERS }, () =>
      createServer({ noDelay: true }, (socket) => this.#accepted(socket)),
    );
  }

  /**
   * @param gateway the first that the port is for
   * @throws {PortUnavailable}
   */
  static async open(gateway: LiveGateway, parts: GatewayPortParts): Promise<GatewayPort> {
    const port = new GatewayPort(gateway.port, parts);
    port.#gateways.set(gateway.gatewayId, gateway);
    try {
      for (const server of port.#servers) await port.#listen(server, gateway.gatewayId);
    } catch (error) {
      port.close();
      throw error;
    }
    return port;
  }

  get isUnused(): boolean {
    return this.#gateways.size === 0;
  }

  /** @throws {PortUnavailable} when another gateway has this host name here */
  check({ gatewayId, hostname }: Pick<LiveGateway, 'gatewayId' | 'hostname'>): void {
    for (const other of this.#gateways.values()) {
      if (other.gatewayId === gatewayId || other.hostname !== hostname) continue;
      const name = hostname === null ? 'without a host name' : `with the host name ${hostname}`;
      throw new PortUnavailable(gatewayId, this.port, `gateway ${other.gatewayId} listens there ${name}`);
    }
  }

  /** @throws {PortUnavailable} when another gateway has its host name here */
  add(gateway: LiveGateway): void {
    this.check(gateway);
    this.#gateways.set(gateway.gatewayId, gateway);
  }

  remove(gatewayId: string): void {
    this.#gateways.delete(gatewayId);
  }

  /** Accepts no more; connections go on. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  #listen(server: Server, gatewayId: string): Promise<void> {
    const { port } = this;
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
          this.parts.logger.error({ err: error, port }, 'a listener reported an error'),
        );
        resolve();
      });
    });
  }

  #accepted(socket: Socket): void {
    const owner = this.#gatewayOf(undefined) ?? this.#first();
    if (owner === undefined) {
      socket.destroy();
      return;
    }
    const remoteAddress = socket.remoteAddress ?? 'unknown';
    const attempt = this.parts.attempts.begin(owner.gatewayId, owner.version, remoteAddress);
    attempt.isMeant = this.#gateways.size === 1;
    // Whoever cannot have a handshake need not be read.
    if (this.#gateways.size === 1 && owner.turnsAway(socket, attempt)) return;
    const { addresses } = this.parts;
    const refusal = addresses.accepted(this.port, remoteAddress);
    if (refusal !== undefined) {
      socket.destroy();
      this.#failed(attempt, refusal);
      return;
    }
    socket.on('error', ignore);
    readFirstBytes(socket, this.parts.handshakeTimeoutMs, (first) => {
      addresses.heard(this.port, remoteAddress);
      if (first.outcome === 'closed') this.#failed(attempt, 'closed');
      else if (first.outcome === 'timeout') {
        this.#failed(attempt, 'handshake-timeout');
        socket.destroy();
      } else this.#greeted(socket, attempt, first);
    });
  }

  #greeted(socket: Socket, attempt: Attempt, first: FirstBytes): void {
    const hello = first.outcome === 'hello' ? first.hello : undefined;
    // What is no ClientHello goes to who serves clients without SNI: OpenSSL says best what is wrong.
    const gateway = this.#gatewayOf(hello?.serverName);
    if (gateway !== undefined) {
      socket.off('error', ignore);
      attempt.judgedBy(gateway);
      if (hello !== undefined && (hello.serverName ?? null) === gateway.hostname) attempt.isMeant = true;
      gateway.shakeHands(socket, hello, attempt);
      return;
    }
    const isName = hello !== undefined;
    const reason = isName
      ? 'unknown-server-name'
      : first.outcome === 'not-tls'
        ? PLAIN_TEXT
        : 'client-hello-malformed';
    this.#failed(attempt, reason, hello?.serverName);
    socket.setTimeout(LINGER_MS, () => socket.destroy());
    socket.resume().end(isName ? UNRECOGNIZED_NAME : DECODE_ERROR);
  }

  #failed(attempt: Attempt, reason: string, serverName: string | null = null): void {
    const failure = knownTlsFailure(reason);
    this.parts.failures.add(attempt, failure, failedAttemptTls(failure.message, serverName));
  }

  /** Alone on its port a gateway serves every name: those of load balancers, addresses, none. */
  #gatewayOf(serverName: string | undefined): LiveGateway | undefined {
    if (this.#gateways.size === 1) return this.#first();
    let nameless: LiveGateway | undefined;
    for (const gateway of this.#gateways.values()) {
      if (serverName !== undefined && gateway.hostname === serverName) return gateway;
      if (gateway.hostname === null) nameless = gateway;
    }
    return nameless;
  }

  #first(): LiveGateway | undefined {
    const [first] = this.#gateways.values();
    return first;
  }
}

/** What went wrong with a socket shows when it closes. */
const ignore = (): void => undefined;
