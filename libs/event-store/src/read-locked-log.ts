import { sql, type Transaction } from 'kysely';
import { RECORDED_EVENT, type RecordedEvent } from './event-table.ts';

/**
 * The whole log as it stands, in batches, in the order of positions; nobody can append until the caller's
 * transaction ends. Every committed event is there, also while a transaction open elsewhere holds readers back.
 */
export async function* readLockedLog<Tables>(
  transaction: Transaction<Tables>,
  batchEvents: number,
): AsyncGenerator<RecordedEvent[], void, undefined> {
  await sql`lock table event in exclusive mode`.execute(transaction);
  let position = '0';
  for (;;) {
    const { rows } = await sql<RecordedEvent>`
      select ${RECORDED_EVENT} from event where global_position > ${position}::text::bigint
      order by global_position limit ${batchEvents}`.execute(transaction);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    position = last.globalPosition;
  }
}
