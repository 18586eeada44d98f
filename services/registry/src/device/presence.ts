/** Whether a device is connected, told from reports that may come late, twice or in the wrong order. */
export interface Presence {
  /** Number of the newest session seen; 0 before the first. */
  readonly session: number;
  readonly isOnline: boolean;
  /** Sessions whose end has not been seen, oldest first. */
  readonly openSessions: readonly number[];
}

export const NEVER_SEEN: Presence = { session: 0, isOnline: false, openSessions: [] };

/** A device that loses so many ends of sessions has a story with holes; its status is right all the same. */
const MAX_OPEN_SESSIONS = 8;

/**
 * Session numbers grow with each takeover, so the newest session decides: what is older changes no status.
 *
 * @param session its number; of a session that was seen before, nothing changes
 */
export function connected(presence: Presence, session: number): Presence {
  if (session <= presence.session) return presence;
  const openSessions = [...presence.openSessions, session].slice(-MAX_OPEN_SESSIONS);
  return { session, isOnline: true, openSessions };
}

/** The end of an older session closes that session and leaves the status alone. */
export function disconnected(presence: Presence, session: number): Presence {
  const openSessions = presence.openSessions.filter((open) => open !== session);
  if (session > presence.session) return { session, isOnline: false, openSessions };
  const isOnline = presence.isOnline && session !== presence.session;
  return { session: presence.session, isOnline, openSessions };
}

/** Whether the end of a session is news: it was open, or it is newer than all that was seen. */
export function isEndNews(presence: Presence, session: number): boolean {
  return session > presence.session || presence.openSessions.includes(session);
}
