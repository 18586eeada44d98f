import { RECORDED_EVENT, type LogPosition, type RecordedEvent } from '@gatehouse/event-store';
import { sql, type RawBuilder } from 'kysely';
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

/** A filter whose index is read: what it looks at, and the one value that it lets through. */
interface Leading {
  readonly column: RawBuilder<string>;
  readonly value: string;
}

const TYPE = sql<string>`type`;
const ACTOR = sql<string>`(metadata ->> 'actor')`;

/**
 * A page of the log, oldest first: only events that nothing can be committed before any more.
 *
 * The page is a range of one index, be it of a type, of an actor, of both or of the whole log. A plain `type = …` would
 * let PostgreSQL walk the whole log instead, hoping to meet the type soon.
 */
export async function readFiltered(
  db: RegistryDb,
  filter: EventFilter,
  limit: number,
): Promise<RecordedEvent[]> {
  const { rows } = await filteredQuery(filter, limit).execute(db);
  return upcastAll(rows);
}

/** For the test that looks at its plan. */
export function filteredQuery(filter: EventFilter, limit: number): RawBuilder<RecordedEvent> {
  const { after, upTo, stream, type, actor, from, to } = filter;
  const leading = leadingOf(filter);
  const isLeading = (column: RawBuilder<string>) => leading.some((each) => each.column === column);
  const range = rangeOf(leading);
  const conditions = [
    sql`(${range.columns}) > (${range.at(after)})`,
    sql`(${range.columns}) < (${range.oldestRunning})`,
    ...(upTo === undefined ? [] : [sql`(${range.columns}) < (${range.at(upTo)})`]),
    ...(stream === undefined ? [] : [sql`stream_id = ${stream}`]),
    ...(type === undefined || isLeading(TYPE) ? [] : [sql`${TYPE} = ${type}`]),
    ...(actor === undefined || isLeading(ACTOR) ? [] : [sql`${ACTOR} = ${actor}`]),
    // Literally what the partial index says.
    ...(isLeading(TYPE) && isLeading(ACTOR) ? [sql`${ACTOR} like 'edge:%'`] : []),
    ...(from === undefined ? [] : [sql`recorded_at >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql`recorded_at < ${to}::timestamptz`]),
  ];
  return sql<RecordedEvent>`
    select ${RECORDED_EVENT} from event where ${sql.join(conditions, sql` and `)}
    order by ${stream === undefined ? range.columns : sql`stream_version`} limit ${limit}`;
}

/** Edges write most of the log: with a type they have an index of their own. */
function leadingOf({ stream, type, actor }: EventFilter): readonly Leading[] {
  if (stream !== undefined) return [];
  const ofActor = actor === undefined ? [] : [{ column: ACTOR, value: actor }];
  if (type === undefined || (actor !== undefined && !actor.startsWith('edge:'))) return ofActor;
  return [{ column: TYPE, value: type }, ...ofActor];
}

/** Columns of the index, and places in it. */
function rangeOf(leading: readonly Leading[]) {
  const columns = leading.map(({ column }) => sql`${column}, `);
  const values = leading.map(({ value }) => sql`${value}::text, `);
  const [column, value] = [sql.join(columns, sql``), sql.join(values, sql``)];
  return {
    columns: sql`${column}transaction_id, global_position`,
    at: ({ transactionId, globalPosition }: LogPosition) =>
      sql`${value}${transactionId}::text::xid8, ${globalPosition}::text::bigint`,
    oldestRunning: sql`${value}pg_snapshot_xmin(pg_current_snapshot()), 0`,
  };
}
