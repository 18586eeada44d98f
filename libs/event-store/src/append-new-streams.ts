import { sql, type QueryExecutorProvider } from 'kysely';
import { conflictAsFailure } from './append-to-stream.ts';
import type { EventMetadata, NewEvent } from './event-table.ts';
import { storableJson } from './storable-json.ts';

/** A stream that begins with this event. */
export interface NewStream {
  readonly streamId: string;
  readonly event: NewEvent;
}

/**
 * Begins many streams with one statement, all or none, in the caller's transaction. The events are recorded at
 * its `now()`; they are not read back, which is what makes this cheap.
 *
 * @throws {StreamVersionConflict} when one of the streams exists
 */
export async function appendNewStreams(
  db: QueryExecutorProvider,
  streams: readonly NewStream[],
  metadata: EventMetadata,
): Promise<void> {
  const rows = streams.map(({ streamId, event }) => ({
    i: streamId,
    t: event.type,
    v: event.schemaVersion ?? 1,
    d: event.data,
    m: event.metadata ?? metadata,
  }));
  await conflictAsFailure(
    streams,
    sql`
      insert into event (stream_id, stream_version, type, schema_version, data, metadata)
      select i, 1, t, v, d, m
      from jsonb_to_recordset(${storableJson(rows)}::jsonb) as new (i text, t text, v int, d jsonb, m jsonb)
      order by i collate "C"`.execute(db),
  );
}
