import type { DeviceHistoryEvent, Page } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows } from '../views/page-of-rows.ts';
import { loggedEventOf } from './events.queries.ts';
import { readStreamBackwards } from './read-events.ts';

export interface HistoryRequest {
  readonly limit: number;
  /** The `next` of the page before: a version. */
  readonly after?: string | undefined;
  /** Its former name. */
  readonly before?: string | undefined;
}

/** What happened to one thing, newest first; undefined when nothing ever did. */
export async function streamHistory(
  db: RegistryDb,
  streamId: string,
  { limit, before, after = before }: HistoryRequest,
): Promise<Page<DeviceHistoryEvent> | undefined> {
  const beforeVersion = after === undefined ? undefined : Number(after);
  const events = await readStreamBackwards(db, streamId, { limit: limit + 1, beforeVersion });
  if (events.length === 0 && beforeVersion === undefined) return undefined;
  return pageOfRows(events, limit, {
    item: (event) => {
      const { stream: _same, ...logged } = loggedEventOf(event);
      return logged;
    },
    cursor: ({ streamVersion }) => String(streamVersion),
  });
}
