import { sql, type Generated, type QueryExecutorProvider } from 'kysely';

/** Who or what caused an event, and the trace it happened in (W3C Trace Context). */
export interface EventMetadata {
  readonly actor: string;
  readonly traceparent?: string;
}

/** An event that has not been appended yet. */
export interface NewEvent {
  readonly type: string;
  readonly data: object;
  /** Version of the shape of `data`, 1 unless it was changed. */
  readonly schemaVersion?: number;
  /** Instead of the metadata of the append. */
  readonly metadata?: EventMetadata;
}

/** An event of the log. Positions and transaction ids can pass 2^53: decimal text. */
export interface RecordedEvent {
  readonly globalPosition: string;
  readonly transactionId: string;
  readonly streamId: string;
  /** Counts from 1 within the stream. */
  readonly streamVersion: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: EventMetadata;
  readonly recordedAt: Date;
}

export interface EventTable {
  global_position: Generated<string>;
  transaction_id: Generated<string>;
  stream_id: string;
  stream_version: number;
  type: string;
  schema_version: number;
  data: Record<string, unknown>;
  metadata: EventMetadata;
  recorded_at: Generated<Date>;
}

export interface CheckpointTable {
  reader: string;
  transaction_id: string;
  global_position: string;
}

/** What a Kysely database interface of an application with an event log includes. */
export interface EventStoreTables {
  event: EventTable;
  checkpoint: CheckpointTable;
}

/** Violated when two writers append the same version of a stream. */
export const STREAM_VERSION_CONSTRAINT = 'event_stream_version';

/** For a migration: the log and the checkpoints of its readers. */
export async function createEventTables(db: QueryExecutorProvider): Promise<void> {
  await sql`
    create table event (
      global_position bigserial primary key,
      transaction_id xid8 not null default pg_current_xact_id(),
      stream_id text collate "C" not null,
      stream_version int not null check (stream_version > 0),
      type text not null,
      schema_version int not null,
      data jsonb not null,
      metadata jsonb not null,
      recorded_at timestamptz not null default now(),
      constraint event_stream_version unique (stream_id, stream_version)
    )`.execute(db);
  await sql`create index event_commit_order on event (transaction_id, global_position)`.execute(db);
  await sql`
    create table checkpoint (
      reader text primary key,
      transaction_id xid8 not null,
      global_position bigint not null
    )`.execute(db);
}

/** The columns of a {@link RecordedEvent}, for `select` and `returning`. */
export const RECORDED_EVENT = sql<RecordedEvent>`
  global_position::text as "globalPosition", transaction_id::text as "transactionId",
  stream_id as "streamId", stream_version as "streamVersion", type, schema_version as "schemaVersion",
  data, metadata, recorded_at as "recordedAt"`;
