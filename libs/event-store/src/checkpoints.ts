import { sql, type QueryExecutorProvider } from 'kysely';
import { START_OF_LOG, type LogPosition } from './read-all.ts';

/** How far a reader has come; the start of the log for a reader that is new. */
export async function readCheckpoint(db: QueryExecutorProvider, reader: string): Promise<LogPosition> {
  const { rows } = await sql<LogPosition>`
    select transaction_id::text as "transactionId", global_position::text as "globalPosition"
    from checkpoint where reader = ${reader}`.execute(db);
  return rows[0] ?? START_OF_LOG;
}

/** Remembers how far a reader has come. Never goes back, even when two processes write at once. */
export async function writeCheckpoint(
  db: QueryExecutorProvider,
  reader: string,
  { transactionId, globalPosition }: LogPosition,
): Promise<void> {
  await sql`
    insert into checkpoint (reader, transaction_id, global_position)
    values (${reader}, ${transactionId}::text::xid8, ${globalPosition}::text::bigint)
    on conflict (reader) do update
    set transaction_id = excluded.transaction_id, global_position = excluded.global_position
    where (checkpoint.transaction_id, checkpoint.global_position)
      < (excluded.transaction_id, excluded.global_position)`.execute(db);
}
