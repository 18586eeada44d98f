import { sql, type QueryExecutorProvider } from 'kysely';
import { RECORDED_EVENT, type RecordedEvent } from './event-table.ts';

/** A place in the log in commit order: everything up to it has been read. Both are decimal text. */
export interface LogPosition {
  readonly transactionId: string;
  readonly globalPosition: string;
}

export const START_OF_LOG: LogPosition = { transactionId: '0', globalPosition: '0' };

/**
 * The events after a place, in an order in which none is ever skipped.
 *
 * A sequence hands out positions before transactions commit, so a later position can be visible while an
 * earlier one is not. Events are therefore read by (transaction id, position), and only those of transactions
 * older than every transaction still running: nothing can be committed before them any more. A transaction
 * left open anywhere in the cluster holds readers back, and `idle_in_transaction_session_timeout` ends it.
 */
export async function readAll(
  db: QueryExecutorProvider,
  after: LogPosition,
  limit: number,
): Promise<RecordedEvent[]> {
  const { rows } = await sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event
    where transaction_id < pg_snapshot_xmin(pg_current_snapshot())
      and (transaction_id, global_position)
        > (${after.transactionId}::text::xid8, ${after.globalPosition}::text::bigint)
    order by transaction_id, global_position
    limit ${limit}`.execute(db);
  return rows;
}
