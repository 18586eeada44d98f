import { sql, type QueryExecutorProvider } from 'kysely';
import { RECORDED_EVENT, type RecordedEvent } from './event-table.ts';

/** A stream's events from the first, in order; empty when there is no such stream. */
export async function readStream(db: QueryExecutorProvider, streamId: string): Promise<RecordedEvent[]> {
  const { rows } = await sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event where stream_id = ${streamId} order by stream_version`.execute(db);
  return rows;
}

export interface BackwardsPage {
  readonly limit: number;
  /** Only versions below this one. */
  readonly beforeVersion?: number | undefined;
}

/** The newest events of a stream, newest first. */
export async function readStreamBackwards(
  db: QueryExecutorProvider,
  streamId: string,
  { limit, beforeVersion }: BackwardsPage,
): Promise<RecordedEvent[]> {
  const { rows } = await sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event
    where stream_id = ${streamId} and stream_version < coalesce(${beforeVersion ?? null}::int, 2147483647)
    order by stream_version desc limit ${limit}`.execute(db);
  return rows;
}

/** The versions of those of the streams that exist. */
export async function streamVersions(
  db: QueryExecutorProvider,
  streamIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql<{ streamId: string; version: number }>`
    select stream_id as "streamId", max(stream_version) as version from event
    where stream_id = any(${streamIds}::text[]) group by stream_id`.execute(db);
  return new Map(rows.map(({ streamId, version }) => [streamId, version]));
}
