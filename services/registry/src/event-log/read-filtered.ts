import { RECORDED_EVENT, type LogPosition, type RecordedEvent } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import { upcastAll } from './read-events.ts';

/** What is left out does not matter. */
export interface EventFilter {
  readonly after: LogPosition;
  readonly upTo?: LogPosition | undefined;
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  readonly actor?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/**
 * A page of the log, oldest first: only events that nothing can be committed before any more. Each filter has an
 * index in the order of the log, so a page costs as much at a hundred million events as at a thousand.
 */
export async function readFiltered(
  db: RegistryDb,
  { after, upTo, stream, type, actor, from, to }: EventFilter,
  limit: number,
): Promise<RecordedEvent[]> {
  const conditions = [
    sql`transaction_id < pg_snapshot_xmin(pg_current_snapshot())`,
    sql`(transaction_id, global_position) > ${place(after)}`,
    ...(upTo === undefined ? [] : [sql`(transaction_id, global_position) < ${place(upTo)}`]),
    ...(stream === undefined ? [] : [sql`stream_id = ${stream}`]),
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(actor === undefined ? [] : [sql`metadata ->> 'actor' = ${actor}`]),
    ...(from === undefined ? [] : [sql`recorded_at >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql`recorded_at < ${to}::timestamptz`]),
  ];
  const { rows } = await sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event where ${sql.join(conditions, sql` and `)}
    order by ${stream === undefined ? sql`transaction_id, global_position` : sql`stream_version`}
    limit ${limit}`.execute(db);
  return upcastAll(rows);
}

const place = ({ transactionId, globalPosition }: LogPosition) =>
  sql`(${transactionId}::text::xid8, ${globalPosition}::text::bigint)`;
