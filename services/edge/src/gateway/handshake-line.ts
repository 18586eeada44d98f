import type { Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { LoopShare } from './loop-share.ts';
import { WaitingByAddress } from './waiting-by-address.ts';

/** One gateway's part of the line. */
interface GatewayLine {
  readonly waiting: WaitingByAddress;
  /** When its newest handshake began, as performance.now(). */
  readonly begunAt: number;
}

export interface HandshakeLimits {
  /** Connections of one gateway that wait for their TLS handshake; the next is closed at once. */
  readonly maxWaiting: number;
  /** How long one waits at most until it is closed. */
  readonly timeoutMs: number;
  /**
   * Of the time, up to 1, that the event loop may be busy while handshakes wait that can; only while several
   * gateways have devices that connect.
   */
  readonly loopShare: number;
}

export type HandshakeRefusal = 'handshake-queue-full' | 'handshake-queue-timeout' | 'gateway-closed';

/** What a gateway does with its connections. */
export interface HandshakeTurns {
  /** Least time from one of its handshakes to the next; 0: none. It may change at any moment. */
  readonly gapMs: () => number;
  /** It is this connection's turn. */
  readonly begin: (socket: Socket) => void;
  /** There is no room for it, its turn did not come in time, or its gateway has left. */
  readonly refuse: (socket: Socket, reason: HandshakeRefusal) => void;
}

/**
 * Handshakes that begin in one turn of the event loop. Each costs it about a millisecond: a storm of
 * thousands must not hold up everybody else until all have theirs.
 */
const PER_TURN = 2;
/** Those that are closed wait for nothing; closing hundreds in one turn would hold up all others. */
const REFUSED_PER_TURN = 8;
/** A gateway that began none for so long begins its next at once, however busy the loop is. */
const SELDOM_MS = 25;
/** The loop is shared while gateways take turns within such a time. */
const SHARED_MS = 10_000;
const BURST_MS = 20;
const MOST_BUSY_MS = 50;

/**
 * Begins TLS handshakes a few in each turn of the event loop, the gateways by turns, those of a gateway by
 * address ({@link WaitingByAddress}), and for a storm only in its share of the time while devices of other gateways connect: what a handshake entails, here and at the
 * services that are asked, would keep those waiting too. Connections that wait have cost next to nothing and
 * keep nobody from being served.
 *
 * They begin where the loop waits for I/O, never in `setImmediate`: Node only knows of a finished write in the
 * next round of immediates, and drops a TLS alert that comes up before. A client whose answer is quick would see
 * its connection closed and not learn why.
 */
export class HandshakeLine {
  /** The gateways in the order of their turns. */
  readonly #lines = new Map<HandshakeTurns, GatewayLine>();
  readonly #turns = new MessageChannel();
  readonly #loop: LoopShare;
  /** Which gateway began the last one, and when it was not the one before; as performance.now(). */
  #newest: HandshakeTurns | undefined;
  #newestChangedAt = Number.NEGATIVE_INFINITY;
  /** Found no room, and will be refused. */
  #tooMany: { readonly turns: HandshakeTurns; readonly socket: Socket }[] = [];
  #waiting = 0;
  #begunInTurn = 0;
  #refusedInTurn = 0;
  #isScheduled = false;
  #gap: NodeJS.Timeout | undefined;

  constructor(private readonly limits: HandshakeLimits) {
    this.#loop = new LoopShare({ share: limits.loopShare, burstMs: BURST_MS, mostMs: MOST_BUSY_MS });
    this.#turns.port1.on('message', this.#takeTurn).unref();
  }

  /** With those that found no room and are not refused yet. */
  get length(): number {
    return this.#waiting + this.#tooMany.length;
  }

  /** Where the line is full, another address may have to give way. */
  hasRoom(turns: HandshakeTurns, address: string): boolean {
    const line = this.#lines.get(turns);
    if (line === undefined || line.waiting.length < this.#mostWaiting(turns)) return true;
    return line.waiting.isOwedPlace(address);
  }

  /**
   * @param socket that is not read yet
   * @param address that it comes from; of IPv6 the /64
   */
  join(turns: HandshakeTurns, socket: Socket, address: string): void {
    const line = this.#lines.get(turns) ?? {
      waiting: new WaitingByAddress(),
      begunAt: Number.NEGATIVE_INFINITY,
    };
    if (this.#begunInTurn < PER_TURN && line.waiting.length === 0 && this.#putOffMs(turns, line) <= 0) {
      this.#begin(turns, line.waiting, socket);
      this.#schedule();
      return;
    }
    this.#schedule();
    if (!this.hasRoom(turns, address)) {
      this.#refuseSoon(turns, socket);
      return;
    }
    if (line.waiting.length >= this.#mostWaiting(turns)) this.#giveWay(turns, line.waiting);
    line.waiting.add({ socket, address, since: performance.now() });
    this.#lines.set(turns, line);
    this.#waiting += 1;
  }

  #giveWay(turns: HandshakeTurns, waiting: WaitingByAddress): void {
    const newest = waiting.takeNewestOfMost();
    if (newest === undefined) return;
    this.#waiting -= 1;
    if (!newest.socket.destroyed) this.#refuseSoon(turns, newest.socket);
  }

  #refuseSoon(turns: HandshakeTurns, socket: Socket): void {
    if (this.#tooMany.length >= this.limits.maxWaiting) turns.refuse(socket, 'handshake-queue-full');
    else this.#tooMany.push({ turns, socket });
  }

  /** Who waits is refused. */
  leave(turns: HandshakeTurns): void {
    const waiting = [...(this.#lines.get(turns)?.waiting ?? [])];
    const tooMany = this.#tooMany.filter((each) => each.turns === turns);
    this.#lines.delete(turns);
    this.#waiting -= waiting.length;
    this.#tooMany = this.#tooMany.filter((each) => each.turns !== turns);
    for (const { socket } of [...waiting, ...tooMany]) {
      if (!socket.destroyed) turns.refuse(socket, 'gateway-closed');
    }
  }

  readonly #takeTurn = (): void => {
    this.#isScheduled = false;
    this.#begunInTurn = 0;
    this.#refusedInTurn = 0;
    for (const { turns, socket } of this.#tooMany.splice(0, REFUSED_PER_TURN)) {
      this.#refusedInTurn += 1;
      turns.refuse(socket, 'handshake-queue-full');
    }
    let shortestMs = Number.POSITIVE_INFINITY;
    for (const [turns, line] of this.#lines) {
      const putOffMs = this.#putOffMs(turns, line);
      if (putOffMs > 0) {
        if (line.waiting.length > 0) shortestMs = Math.min(shortestMs, putOffMs);
        continue;
      }
      const next = this.#next(turns, line.waiting);
      if (next !== undefined) this.#begin(turns, line.waiting, next);
      else if (line.waiting.length === 0) this.#lines.delete(turns);
      if (this.#begunInTurn === PER_TURN) break;
    }
    if (this.#begunInTurn > 0 || this.#refusedInTurn > 0) this.#schedule();
    else if (shortestMs < Number.POSITIVE_INFINITY) this.#scheduleAfter(shortestMs);
  };

  #begin(turns: HandshakeTurns, waiting: WaitingByAddress, socket: Socket): void {
    const begunAt = performance.now();
    this.#begunInTurn += 1;
    if (this.#newest !== turns) {
      this.#newest = turns;
      this.#newestChangedAt = begunAt;
    }
    // Behind all others.
    this.#lines.delete(turns);
    this.#lines.set(turns, { waiting, begunAt });
    turns.begin(socket);
  }

  /** Milliseconds until the gateway may begin its next, if nothing happens; 0: now. */
  #putOffMs(turns: HandshakeTurns, { begunAt }: GatewayLine): number {
    const now = performance.now();
    const sinceMs = now - begunAt;
    const gapMs = turns.gapMs();
    if (sinceMs < gapMs) return gapMs - sinceMs;
    if (sinceMs >= SELDOM_MS || now - this.#newestChangedAt >= SHARED_MS) return 0;
    return Math.min(this.#loop.waitMs(), SELDOM_MS - sinceMs);
  }

  /** A line that moves on slowly is shorter: who cannot have a turn in time is told so at once. */
  #mostWaiting(turns: HandshakeTurns): number {
    const { maxWaiting, timeoutMs } = this.limits;
    const gapMs = turns.gapMs();
    return gapMs === 0 ? maxWaiting : Math.min(maxWaiting, Math.ceil(timeoutMs / gapMs));
  }

  /** A message that is posted now arrives in the next turn, among what the loop waited for. */
  readonly #awaitTurn = (): void => this.#turns.port2.postMessage(undefined);

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#awaitTurn);
  }

  #scheduleAfter(milliseconds: number): void {
    clearTimeout(this.#gap);
    this.#gap = setTimeout(() => this.#schedule(), Math.ceil(milliseconds)).unref();
  }

  #next(turns: HandshakeTurns, waiting: WaitingByAddress): Socket | undefined {
    const latest = performance.now() - this.limits.timeoutMs;
    for (let next = waiting.first; next !== undefined; next = waiting.first) {
      const { socket, since } = next;
      const isLate = since < latest && !socket.destroyed;
      if (isLate && this.#refusedInTurn === REFUSED_PER_TURN) return undefined;
      waiting.takeFirst();
      this.#waiting -= 1;
      if (isLate) {
        this.#refusedInTurn += 1;
        turns.refuse(socket, 'handshake-queue-timeout');
      } else if (!socket.destroyed) return socket;
    }
    return undefined;
  }
}
