import { START_OF_LOG, type LogPosition } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';

/**
 * The order of the log is that of transaction ids, and times are those at which transactions began. A transaction
 * takes its id some time after it began, and less than this: an idle or a long one is ended before. So the log
 * need not be searched for an instant further than this to either side.
 */
const LONGEST_BEFORE_ID = '1 minute';

/** A place that every event recorded at `instant` or later comes after. */
export async function placeBefore(db: RegistryDb, instant: Date): Promise<LogPosition> {
  const { rows } = await sql<LogPosition>`
    select transaction_id::text as "transactionId", global_position::text as "globalPosition" from event
    where recorded_at < ${instant}::timestamptz - ${LONGEST_BEFORE_ID}::text::interval
    order by recorded_at desc limit 1`.execute(db);
  return rows[0] ?? START_OF_LOG;
}

/** A place that every event recorded before `instant` comes before; undefined when that is the end of the log. */
export async function placeBehind(db: RegistryDb, instant: Date): Promise<LogPosition | undefined> {
  const { rows } = await sql<LogPosition>`
    select transaction_id::text as "transactionId", global_position::text as "globalPosition" from event
    where recorded_at >= ${instant}::timestamptz + ${LONGEST_BEFORE_ID}::text::interval
    order by recorded_at limit 1`.execute(db);
  return rows[0];
}
