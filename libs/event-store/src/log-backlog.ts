import { sql, type QueryExecutorProvider } from 'kysely';
import type { LogPosition } from './read-all.ts';

/** Committed events that a reader has not got to, also those that readers are held back from. */
export interface Backlog {
  /** At most {@link MOST_COUNTED}. */
  readonly events: number;
  /** When the first of them was recorded; undefined when there is none. */
  readonly oldestAt: Date | undefined;
}

/** Beyond, the exact number costs much and says little. */
export const MOST_COUNTED = 100_000;

export async function logBacklog(
  db: QueryExecutorProvider,
  { transactionId, globalPosition }: LogPosition,
): Promise<Backlog> {
  const { rows } = await sql<{ events: number; oldestAt: Date | null }>`
    with pending as (
      select recorded_at from event
      where (transaction_id, global_position)
        > (${transactionId}::text::xid8, ${globalPosition}::text::bigint)
      order by transaction_id, global_position limit ${MOST_COUNTED}
    )
    select count(*)::int as events, min(recorded_at) as "oldestAt" from pending`.execute(db);
  const [found] = rows;
  return { events: found?.events ?? 0, oldestAt: found?.oldestAt ?? undefined };
}
