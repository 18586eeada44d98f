import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@gatehouse/observability';
import type { Presence } from './presence.ts';
import type { SessionDirectory } from './session-directory.ts';
import { SessionTakenOver } from './session.failures.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface SessionReclaimParts {
  readonly sessions: Sessions;
  readonly directory: SessionDirectory;
  readonly presence: Presence;
  readonly logger: Logger;
}

const RECLAIMS_AT_ONCE = 32;
const RETRY_MS = 500;

/**
 * The registry closes the sessions of an edge that gives no sign of life. When it was only NATS that was away,
 * their connections are open still: each is claimed again under a new session number and reported as
 * connected, unless its device has gone to another edge meanwhile.
 */
export class SessionReclaim {
  readonly #waiting = new Set<Session>();
  #running = 0;

  constructor(private readonly parts: SessionReclaimParts) {}

  start(): void {
    for (const session of this.parts.sessions.all()) this.#waiting.add(session);
    this.parts.logger.warn(
      { sessions: this.#waiting.size },
      'this edge was given up; it claims its sessions again',
    );
    while (this.#running < Math.min(RECLAIMS_AT_ONCE, this.#waiting.size)) void this.#work();
  }

  async #work(): Promise<void> {
    this.#running += 1;
    for (const session of this.#waiting) {
      this.#waiting.delete(session);
      await this.#reclaim(session);
    }
    this.#running -= 1;
  }

  async #reclaim(session: Session): Promise<void> {
    while (session.connection.isOpen) {
      try {
        const number = await this.parts.directory.reclaim(session.identity);
        this.#settle(session, number);
        return;
      } catch (error) {
        this.parts.logger.debug(
          { err: error },
          'a session could not be claimed again; it is tried once more',
        );
        await delay(RETRY_MS);
      }
    }
  }

  #settle(session: Session, number: number | undefined): void {
    if (number === undefined) {
      session.connection.close(new SessionTakenOver());
      return;
    }
    if (!session.connection.isOpen) {
      this.parts.directory.release(session.identity, number);
      return;
    }
    session.renumber(number);
    this.parts.presence.connected(session);
  }
}
