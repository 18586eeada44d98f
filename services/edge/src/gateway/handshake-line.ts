import type { Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';

/** One gateway's part of the line. */
interface Waiting {
  readonly socket: Socket;
  readonly since: number;
}

export interface HandshakeLimits {
  /** Connections of one gateway that wait for their TLS handshake; the next is closed at once. */
  readonly maxWaiting: number;
  /** How long one waits at most until it is closed. */
  readonly timeoutMs: number;
}

export type HandshakeRefusal = 'handshake-queue-full' | 'handshake-queue-timeout';

/** What a gateway does with its connections. */
export interface HandshakeTurns {
  /** It is this connection's turn. */
  readonly begin: (socket: Socket) => void;
  /** There is no room for it, or its turn did not come in time. */
  readonly refuse: (socket: Socket, reason: HandshakeRefusal) => void;
}

/**
 * Handshakes that begin in one turn of the event loop. Each costs it about a millisecond: a storm of
 * thousands must not hold up everybody else until all have theirs.
 */
const PER_TURN = 2;

/**
 * Begins TLS handshakes a few in each turn of the event loop, the gateways by turns. Connections that wait have
 * cost next to nothing and keep nobody from being served, least of all the devices of another gateway.
 *
 * They begin where the loop waits for I/O, never in `setImmediate`: Node only knows of a finished write in the
 * next round of immediates, and drops a TLS alert that comes up before. A client whose answer is quick would see
 * its connection closed and not learn why.
 */
export class HandshakeLine {
  /** By gateway, each in the order of arrival; the gateways in the order of their turns. */
  readonly #lines = new Map<HandshakeTurns, Waiting[]>();
  readonly #turns = new MessageChannel();
  #waiting = 0;
  #begunInTurn = 0;
  #isScheduled = false;

  constructor(private readonly limits: HandshakeLimits) {
    this.#turns.port1.on('message', this.#takeTurn).unref();
  }

  get length(): number {
    return this.#waiting;
  }

  /** @param socket that is not read yet */
  join(turns: HandshakeTurns, socket: Socket): void {
    if (this.#waiting === 0 && this.#begunInTurn < PER_TURN) {
      this.#begunInTurn += 1;
      this.#schedule();
      turns.begin(socket);
      return;
    }
    const line = this.#lines.get(turns) ?? [];
    if (line.length >= this.limits.maxWaiting) {
      turns.refuse(socket, 'handshake-queue-full');
      return;
    }
    line.push({ socket, since: performance.now() });
    this.#lines.set(turns, line);
    this.#waiting += 1;
    this.#schedule();
  }

  /** Who waits is closed. */
  leave(turns: HandshakeTurns): void {
    const line = this.#lines.get(turns) ?? [];
    this.#lines.delete(turns);
    this.#waiting -= line.length;
    for (const { socket } of line) socket.destroy();
  }

  readonly #takeTurn = (): void => {
    this.#isScheduled = false;
    this.#begunInTurn = 0;
    for (const [turns, line] of this.#lines) {
      const next = this.#next(turns, line);
      // Behind all others.
      this.#lines.delete(turns);
      if (line.length > 0) this.#lines.set(turns, line);
      if (next === undefined) continue;
      turns.begin(next);
      this.#begunInTurn += 1;
      if (this.#begunInTurn === PER_TURN) break;
    }
    if (this.#begunInTurn > 0) this.#schedule();
  };

  /** A message that is posted now arrives in the next turn, among what the loop waited for. */
  readonly #awaitTurn = (): void => this.#turns.port2.postMessage(undefined);

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#awaitTurn);
  }

  #next(turns: HandshakeTurns, line: Waiting[]): Socket | undefined {
    const latest = performance.now() - this.limits.timeoutMs;
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      this.#waiting -= 1;
      if (next.socket.destroyed) continue;
      if (next.since >= latest) return next.socket;
      turns.refuse(next.socket, 'handshake-queue-timeout');
    }
    return undefined;
  }
}
