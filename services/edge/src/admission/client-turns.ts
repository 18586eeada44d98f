import { SessionTakenOver } from '../session/session.failures.ts';
import { ClientGone } from './admission.failures.ts';
import { AdmissionWaitTimedOut } from './connect-limits.failures.ts';

interface Waiting {
  readonly start: () => void;
  readonly refuse: (failure: Error) => void;
}

interface Turn {
  waiting: Waiting | undefined;
}

export interface Patience {
  /** Whether the client still waits. */
  readonly isWaiting: () => boolean;
  /** Until when it may, as performance.now(). */
  readonly deadline: number;
}

/**
 * Judges one CONNECT of a client at a time, from the question to auth until its session stands: so the newest
 * is judged last and takes over, however long each answer takes. One more waits; a newer one takes its place,
 * as it would take its session. None ends one that is being judged: who has shown nothing yet must not keep
 * anybody else out.
 */
export class ClientTurns {
  readonly #turns = new Map<string, Turn>();

  get size(): number {
    return this.#turns.size;
  }

  /**
   * @param client the same for all connections of one client, and for those of nobody else
   * @throws {SessionTakenOver | AdmissionWaitTimedOut | ClientGone} before `judge` was called
   */
  async run<T>(client: string, patience: Patience, judge: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(client);
    if (turn === undefined) this.#turns.set(client, { waiting: undefined });
    else await wait(turn, patience);
    try {
      if (!patience.isWaiting()) throw new ClientGone();
      return await judge();
    } finally {
      this.#next(client);
    }
  }

  #next(client: string): void {
    const turn = this.#turns.get(client);
    const waiting = turn?.waiting;
    if (turn === undefined || waiting === undefined) {
      this.#turns.delete(client);
      return;
    }
    turn.waiting = undefined;
    waiting.start();
  }
}

function wait(turn: Turn, { deadline }: Patience): Promise<void> {
  turn.waiting?.refuse(new SessionTakenOver());
  return new Promise((resolve, reject) => {
    const waiting: Waiting = {
      start: () => {
        clearTimeout(timer);
        resolve();
      },
      refuse: (failure) => {
        clearTimeout(timer);
        reject(failure);
      },
    };
    const timer = setTimeout(
      () => {
        turn.waiting = undefined;
        reject(new AdmissionWaitTimedOut());
      },
      Math.max(0, deadline - performance.now()),
    );
    turn.waiting = waiting;
  });
}
