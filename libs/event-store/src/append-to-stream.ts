import { sql, type QueryExecutorProvider } from 'kysely';
import { violatedConstraint } from './database-errors.ts';
import { StreamVersionConflict } from './event-store.failures.ts';
import {
  RECORDED_EVENT,
  STREAM_VERSION_CONSTRAINT,
  type EventMetadata,
  type NewEvent,
  type RecordedEvent,
} from './event-table.ts';
import { storableJson } from './storable-json.ts';

/** Events for one stream, and the version that the stream had when they were decided on; 0 for a new one. */
export interface StreamAppend {
  readonly streamId: string;
  readonly expectedVersion: number;
  readonly events: readonly NewEvent[];
  readonly metadata: EventMetadata;
}

/**
 * Appends in the caller's transaction. After a conflict that transaction can only be rolled back.
 *
 * @throws {StreamVersionConflict} when the stream is not at the expected version
 */
export async function appendToStream(
  db: QueryExecutorProvider,
  append: StreamAppend,
): Promise<RecordedEvent[]> {
  return appendToStreams(db, [append]);
}

/**
 * Appends to many streams with one statement, all or none. Writers that overlap take the streams in the same
 * order, so they wait for each other and never deadlock.
 *
 * The log is read by transaction id, and a transaction that wrote something before it appends may be older than
 * the stream's newest event. Its events would be read before that one, so this is a conflict too: the next
 * attempt is a newer transaction.
 *
 * @param appends at most one for a stream
 * @returns the events in the order of `appends`
 * @throws {StreamVersionConflict} when one of the streams is not at its expected version
 */
export async function appendToStreams(
  db: QueryExecutorProvider,
  appends: readonly StreamAppend[],
): Promise<RecordedEvent[]> {
  const rows = appends.toSorted((one, other) => compareText(one.streamId, other.streamId)).flatMap(rowsOf);
  if (rows.length === 0) return [];
  const column = <Key extends keyof EventRow>(name: Key) => rows.map((row) => row[name]);
  const inserted = await conflictAsFailure(
    appends,
    sql<RecordedEvent>`
      insert into event (stream_id, stream_version, type, schema_version, data, metadata)
      select stream_id, stream_version, type, schema_version, data, metadata
      from unnest(
        ${column('streamId')}::text[], ${column('streamVersion')}::int[], ${column('expectedVersion')}::int[],
        ${column('type')}::text[], ${column('schemaVersion')}::int[], ${column('data')}::jsonb[],
        ${column('metadata')}::jsonb[]
      ) with ordinality
        as new (stream_id, stream_version, expected_version, type, schema_version, data, metadata, number)
      where expected_version = 0 or exists (
        select from event
        where event.stream_id = new.stream_id and event.stream_version = new.expected_version
          and event.transaction_id <= pg_current_xact_id()
      )
      order by number
      returning ${RECORDED_EVENT}`.execute(db),
  );
  if (inserted.rows.length < rows.length) throw conflictOf(appends);
  return inOrderOf(appends, inserted.rows);
}

interface EventRow {
  readonly streamId: string;
  readonly streamVersion: number;
  readonly expectedVersion: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
}

function rowsOf({ streamId, expectedVersion, events, metadata }: StreamAppend): EventRow[] {
  return events.map((event, index) => ({
    streamId,
    streamVersion: expectedVersion + index + 1,
    expectedVersion,
    type: event.type,
    schemaVersion: event.schemaVersion ?? 1,
    data: storableJson(event.data),
    metadata: storableJson(event.metadata ?? metadata),
  }));
}

/** @throws {StreamVersionConflict} when that is what the statement fails with */
export async function conflictAsFailure<T>(
  appends: readonly Pick<StreamAppend, 'streamId'>[],
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violatedConstraint(error) === STREAM_VERSION_CONSTRAINT) throw conflictOf(appends);
    throw error;
  }
}

function conflictOf(appends: readonly Pick<StreamAppend, 'streamId'>[]): StreamVersionConflict {
  return new StreamVersionConflict(appends.map(({ streamId }) => streamId));
}

function inOrderOf(appends: readonly StreamAppend[], recorded: readonly RecordedEvent[]): RecordedEvent[] {
  const ofStream = Map.groupBy(recorded, ({ streamId }) => streamId);
  return appends.flatMap(({ streamId }) =>
    (ofStream.get(streamId) ?? []).toSorted((one, other) => one.streamVersion - other.streamVersion),
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
