import type { KeyObject } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { addressGroup, type GatewayListener } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { Attempt } from '../attempts/attempt.ts';
import { attemptTls } from '../attempts/attempt-tls.ts';
import type { AdmissionGuard } from '../admission/admission-guard.ts';
import type { NatsConnectionAdmission } from '../admission/nats-connection-admission.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import { KnownIssuers } from '../revocation/known-issuers.ts';
import type { ServerStaple } from '../revocation/server-staple.ts';
import type { ServerStaples } from '../revocation/server-staples.ts';
import { checksClients } from '../revocation/revocation-mode.ts';
import { canVerify } from './chain-choice.ts';
import { verifiedCertificate, type VerifiedCertificate } from './client-certificate.ts';
import type { ClientHello } from './client-hello.ts';
import type { FailedHandshakes } from './failed-handshakes.ts';
import type { HandshakeLine, HandshakeRefusal, HandshakeTurns } from './handshake-line.ts';
import type { TicketKeys } from './ticket-keys.ts';
import { serverChains, tlsOptions, type ServerChain } from './tls-context.ts';
import { CERTIFICATE_REASONS, PLAIN_TEXT, tlsFailure } from './tls-failure.ts';

/** Takes a client whose TLS handshake is done. */
export type Accept = (socket: Socket, attempt: Attempt) => void;

export interface LiveGatewayParts {
  readonly handshakeTimeoutMs: number;
  readonly handshakes: HandshakeLine;
  readonly isOut: NatsConnectionAdmission['isOut'];
  readonly accept: Accept;
  /** Spares those a handshake that none of an address can come in with; {@link AdmissionGuard.refusalOfAll}. */
  readonly refusalOfAll: AdmissionGuard['refusalOfAll'];
  readonly failures: FailedHandshakes;
  readonly ticketKeys: TicketKeys;
  readonly staples: ServerStaples;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

/** TLS with one of the gateway's chains. */
interface ServedChain {
  readonly publicKey: KeyObject;
  /** Does not listen: it is handed its connections. */
  readonly server: Server;
}

/** A connection whose handshake has not begun. */
interface Waiting {
  readonly attempt: Attempt;
  /** Undefined when the first bytes are none. */
  readonly hello: ClientHello | undefined;
  /** As performance.now() */
  readonly since: number;
}

/** From one handshake to the next while nobody can be let in: 20 a second are told why. */
const OUTAGE_GAP_MS = 50;
/** A shorter wait is no step of its own. */
const LONG_WAIT_MS = 50;

const HANDSHAKE_REFUSALS: Readonly<Record<HandshakeRefusal, string>> = {
  'handshake-queue-full':
    'too many connections of the gateway wait for their TLS handshake, and its address has no fewer of them than others; devices should come back at random moments',
  'handshake-queue-timeout':
    'the turn of the TLS handshake did not come in time; devices should come back at random moments',
  'gateway-closed':
    'the gateway was taken away from this port, or the edge stops; devices should come back at random moments',
};

const OUT =
  'the gateway cannot let anybody in at the moment, as other attempts of it show, and few TLS handshakes begin';

/** For how long tickets are not taken from other edges after one that this edge could not make enough of. */
const FORGETTING_MS = 30_000;

/** The TLS of one gateway. Each chain has a server of its own, so that a staple is always that of the chain. */
export class LiveGateway implements HandshakeTurns {
  #gateway: GatewayListener;
  #chains: readonly ServedChain[];
  readonly #issuers: KnownIssuers;
  /**
   * Until the handshake is over, by the TCP connection, which a TLS connection is found by. An attempt holds the
   * password of its CONNECT: it must not live as long as the socket.
   */
  readonly #attempts = new WeakMap<Socket, Attempt>();
  readonly #waiting = new WeakMap<Socket, Waiting>();
  #forgetting: NodeJS.Timeout | undefined;

  /** @throws {CertificateUnusable} */
  constructor(
    gateway: GatewayListener,
    private readonly parts: LiveGatewayParts,
  ) {
    this.#gateway = gateway;
    this.#issuers = new KnownIssuers(gateway.deviceRootCertificate);
    this.#chains = this.#serve(gateway);
  }

  get gatewayId(): string {
    return this.#gateway.gatewayId;
  }

  get version(): number {
    return this.#gateway.version;
  }

  get port(): number {
    return this.#gateway.port;
  }

  get hostname(): string | null {
    return this.#gateway.hostname;
  }

  /**
   * New handshakes get the certificates and the device root of `gateway`; connections go on, and so do
   * handshakes that are under way.
   *
   * @throws {CertificateUnusable} and what was served before stays
   */
  rekey(gateway: GatewayListener): void {
    this.#chains = this.#serve(gateway);
    this.#gateway = gateway;
    this.#issuers.trust(gateway.deviceRootCertificate);
  }

  /** New tickets are sealed with the key of now. */
  renewTicketKey(): void {
    if (this.#forgetting !== undefined) return;
    const key = this.parts.ticketKeys.keyOf(this.#gateway);
    if (key !== undefined) for (const { server } of this.#chains) server.setTicketKeys(key);
  }

  close(): void {
    clearTimeout(this.#forgetting);
    this.parts.handshakes.leave(this);
  }

  /**
   * Closes a connection that would be closed unheard, whatever it says.
   *
   * @returns whether it did
   */
  turnsAway(socket: Socket, attempt: Attempt): boolean {
    if (this.#turnsAwayBanned(socket, attempt)) return true;
    if (this.parts.handshakes.hasRoom(this, addressGroup(attempt.remoteAddress))) return false;
    this.#attempts.set(socket, attempt);
    this.refuse(socket, 'handshake-queue-full');
    return true;
  }

  /**
   * When its turn comes.
   *
   * @param socket that gives the ClientHello once more
   * @param hello undefined when the first bytes are none
   */
  shakeHands(socket: Socket, hello: ClientHello | undefined, attempt: Attempt): void {
    if (this.#turnsAwayBanned(socket, attempt)) return;
    this.#attempts.set(socket, attempt);
    this.#waiting.set(socket, { attempt, hello, since: performance.now() });
    // Who leaves while it waits is found out when its turn comes.
    socket.on('error', ignore);
    this.parts.handshakes.join(this, socket, addressGroup(attempt.remoteAddress));
  }

  /** Whoever comes while nobody can be let in will be back: a few are enough to notice that it is over. */
  gapMs(): number {
    return this.parts.isOut(this.gatewayId) ? OUTAGE_GAP_MS : 0;
  }

  begin(socket: Socket): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) return;
    this.#waiting.delete(socket);
    const { attempt, hello, since } = waiting;
    socket.off('error', ignore);
    attempt.beginTurn();
    if (performance.now() - since > LONG_WAIT_MS) {
      attempt.hasWaited = true;
      attempt.step('handshake-queue', 'ok');
    }
    const [first] = this.#chains;
    const usable =
      hello === undefined ? first : this.#chains.find(({ publicKey }) => canVerify(hello, publicKey));
    // It takes connections from outside when they are announced to it.
    (usable ?? first)?.server.emit('connection', socket);
  }

  refuse(socket: Socket, reason: HandshakeRefusal): void {
    socket.destroy();
    const attempt = this.#takeAttempt(socket);
    if (attempt === undefined) return;
    const isOut = reason !== 'gateway-closed' && this.parts.isOut(this.gatewayId);
    const message = isOut ? OUT : HANDSHAKE_REFUSALS[reason];
    this.parts.failures.add(attempt, { reason, message }, undefined);
  }

  #turnsAwayBanned(socket: Socket, attempt: Attempt): boolean {
    const refusal = this.parts.refusalOfAll(this.gatewayId, attempt.remoteAddress);
    if (refusal === undefined) return false;
    socket.destroy();
    this.parts.failures.addBanned(attempt, refusal);
    return true;
  }

  #serve(gateway: GatewayListener): ServedChain[] {
    const key = this.parts.ticketKeys.keyOf(gateway);
    return serverChains(gateway).map((chain) => this.#serveChain(gateway, chain, key));
  }

  #serveChain(gateway: GatewayListener, chain: ServerChain, ticketKey: Buffer | undefined): ServedChain {
    const { options, publicKey } = tlsOptions(gateway, chain, ticketKey);
    const requiresCertificate = gateway.deviceRootCertificate !== null;
    const server = createServer({
      ...options,
      requestCert: requiresCertificate,
      rejectUnauthorized: requiresCertificate,
      handshakeTimeout: this.parts.handshakeTimeoutMs,
    });
    server.on('secureConnection', (socket) => this.#guarded(socket, () => this.#connected(socket, gateway)));
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    const staple = this.parts.staples.of(gateway, chain);
    if (staple !== undefined)
      server.on('OCSPRequest', (_leaf, _issuer, reply) => this.#staple(staple, reply));
    return { publicKey, server };
  }

  #staple(staple: ServerStaple, reply: (error: Error | null, response: Buffer) => void): void {
    const response = staple.current(Date.now());
    this.parts.metrics.staples.add(response === undefined ? 'missing' : 'sent');
    // Without a response the handshake goes on without a staple; Node's types have no word for that.
    reply(null, response as Buffer);
  }

  /** Certificates are what clients send: one that is read badly ends its own connection and nothing else. */
  #guarded(socket: TLSSocket, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.parts.logger.error({ err: error, gatewayId: this.gatewayId }, 'a TLS client could not be taken');
      this.#failed(new Error('the client certificate cannot be read'), socket, 'CERT_UNREADABLE');
    }
  }

  /** @param gateway as it was when the handshake began */
  #connected(socket: TLSSocket, gateway: GatewayListener): void {
    const attempt = this.#attempts.get(tcpOf(socket));
    if (attempt === undefined) {
      socket.destroy();
      return;
    }
    attempt.tls = attemptTls(socket, null);
    attempt.step('tls-handshake', attempt.tls.isResumed ? 'resumed' : 'ok');
    if (gateway.deviceRootCertificate !== null) {
      const verified = verifiedCertificate(socket);
      const verdict = verdictOn(verified);
      if (verdict !== undefined) {
        this.#failed(new Error('the client certificate does not count'), socket, verdict);
        return;
      }
      if (verified !== undefined) this.#identify(attempt, verified, gateway);
    }
    this.parts.accept(socket, attempt);
    this.#takeAttempt(tcpOf(socket));
  }

  #identify(attempt: Attempt, verified: VerifiedCertificate, gateway: GatewayListener): void {
    const { problem, certificate, peer, sent } = verified;
    attempt.clientCertificate = certificate;
    attempt.step('client-certificate', problem === undefined ? 'ok' : 'no-common-name', problem);
    attempt.clientChain = this.#issuers.chainOf(peer, sent);
    if (!attempt.clientChain.isComplete && checksClients(gateway.ocsp)) this.#forgetTickets();
  }

  /**
   * A resumed session has the device's own certificate only, and this edge has not met those above it. For a
   * while devices do full handshakes here, which show them.
   */
  #forgetTickets(): void {
    if (this.#forgetting !== undefined) return;
    for (const { server } of this.#chains) server.setTicketKeys(this.parts.ticketKeys.oneOfOurOwn());
    this.#forgetting = setTimeout(() => {
      this.#forgetting = undefined;
      this.renewTicketKey();
    }, FORGETTING_MS);
    this.#forgetting.unref();
  }

  #failed(error: Error, socket: TLSSocket, chainVerdict = chainVerdictOf(socket)): void {
    const attempt = this.#takeAttempt(tcpOf(socket));
    if (attempt !== undefined) {
      const failure = tlsFailure(error, chainVerdict);
      const tls = failure.reason === PLAIN_TEXT ? undefined : attemptTls(socket, failure.message);
      const isCertificate = chainVerdict !== undefined || CERTIFICATE_REASONS.has(failure.reason);
      this.parts.failures.add(attempt, failure, tls, isCertificate);
    }
    socket.destroy();
  }

  #takeAttempt(socket: Socket): Attempt | undefined {
    const attempt = this.#attempts.get(socket);
    this.#attempts.delete(socket);
    return attempt;
  }
}

/** A TLS socket that was closed no longer knows its peer, but still the TCP socket that it is on. */
function tcpOf(socket: TLSSocket): Socket {
  const { _parent: tcp } = socket as TLSSocket & { readonly _parent?: Socket };
  return tcp ?? socket;
}

/** What OpenSSL does not look at when a session is resumed: it has the certificate, verified some time ago. */
function verdictOn(verified: VerifiedCertificate | undefined): string | undefined {
  if (verified === undefined) return 'CERT_UNTRUSTED';
  return Date.now() > verified.notAfterMs ? 'CERT_HAS_EXPIRED' : undefined;
}

/** OpenSSL's verdict on the chain of a client that was turned away for it. */
function chainVerdictOf({ authorizationError }: TLSSocket): string | undefined {
  // A code, whatever its type says; null when nothing is wrong.
  const verdict: unknown = authorizationError;
  return typeof verdict === 'string' ? verdict : undefined;
}

/** What went wrong with a socket shows when it closes. */
const ignore = (): void => undefined;
