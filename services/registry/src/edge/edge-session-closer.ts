import type { PresenceReport } from '@gatehouse/contracts';
import { CountedTotal, type Logger } from '@gatehouse/observability';
import type { DeviceCommands } from '../device/device-commands.ts';
import type { DeviceQueries } from '../device/device-views.queries.ts';
import type { SessionDirectory } from '../live-session/session-directory.ts';

/** The reason of a disconnect that nobody reported. */
export const EDGE_LOST = 'edge-lost';

const PAGE_SESSIONS = 500;

/** Closes what an edge that is gone left open, in the log and in the session directory. */
export class EdgeSessionCloser {
  readonly #closed = new CountedTotal(
    'gatehouse.registry.edge_loss.sessions',
    'Sessions closed because their edge vanished',
  );

  constructor(
    private readonly devices: DeviceQueries,
    private readonly commands: DeviceCommands,
    private readonly sessions: SessionDirectory,
    private readonly logger: Logger,
  ) {}

  /** Edges that hold a device for online, as the log has it. */
  edgesWithOpenSessions(): Promise<string[]> {
    return this.devices.edgesWithOpenSessions();
  }

  /** To be asked for before the last look at whether an edge is gone: see {@link close}. */
  newestSession(): Promise<number> {
    return this.sessions.newestNumber();
  }

  /**
   * Facts first: a directory entry that is gone while the log says online would be closed by nobody.
   *
   * @param upToSession the newest session when the edge was known to be gone: one that comes back meanwhile claims
   * its sessions under greater numbers, and those are alive
   */
  async close(edgeId: string, upToSession: number, signal: AbortSignal): Promise<void> {
    const closed = await this.#report(edgeId, upToSession, signal);
    for await (const session of this.sessions.sessionsOf(edgeId)) {
      if (signal.aborted) return;
      if (session.session <= upToSession) await this.sessions.remove(session);
    }
    this.#closed.add(closed);
    this.logger.warn({ edgeId, sessions: closed }, 'an edge is gone; its sessions were closed');
  }

  async #report(edgeId: string, upToSession: number, signal: AbortSignal): Promise<number> {
    let closed = 0;
    while (!signal.aborted) {
      const open = await this.devices.openSessionsAt(edgeId, { upToSession, limit: PAGE_SESSIONS });
      const at = new Date().toISOString();
      const { recorded } = await this.commands.recordPresence(
        open.map((session): PresenceReport => ({
          ...session,
          type: 'disconnected',
          at,
          reason: EDGE_LOST,
        })),
      );
      closed += recorded;
      // Without progress the same page would come for ever.
      if (recorded === 0) break;
    }
    return closed;
  }
}
