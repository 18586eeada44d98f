import { sql, type QueryExecutorProvider } from 'kysely';
import { RECORDED_EVENT, type RecordedEvent } from './event-table.ts';
import type { LogPosition } from './read-all.ts';

/**
 * As `readAll`, but with every event that is committed and visible, also those that readers are held back from.
 * Nothing is skipped only where nothing can be committed in between: while the table is locked against writers,
 * or within one snapshot (REPEATABLE READ).
 */
export async function readVisible(
  db: QueryExecutorProvider,
  after: LogPosition,
  limit: number,
): Promise<RecordedEvent[]> {
  const { rows } = await sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event
    where (transaction_id, global_position)
      > (${after.transactionId}::text::xid8, ${after.globalPosition}::text::bigint)
    order by transaction_id, global_position
    limit ${limit}`.execute(db);
  return rows;
}
