import { sql, type Kysely } from 'kysely';

/** Older than every transaction: what PostgreSQL calls frozen. */
const BEFORE_ALL = '2';

/**
 * A log is read in the order of transaction ids, and those belong to one cluster: a log that was restored from a
 * dump into another holds ids of transactions that are in the future there. Readers would wait for them and pass
 * over what is new, and nothing could be appended to a stream.
 *
 * Such a log is known by an event that is visible and of a transaction that has not begun. All its events are
 * then put before every transaction of this cluster, in the order of their positions, which is that of each
 * stream; readers go on before the first event that they had not handled, so some may come to them again.
 *
 * @returns how many events were moved; 0 when the log is at home
 */
export async function adoptRestoredLog<Tables>(db: Kysely<Tables>): Promise<number> {
  if (!(await isRestored(db))) return 0;
  return db.transaction().execute(async (transaction) => {
    await sql`set local statement_timeout = 0`.execute(transaction);
    await sql`lock table event, checkpoint in exclusive mode`.execute(transaction);
    // Another process may have been faster.
    if (!(await isRestored(transaction))) return 0;
    await sql`
      update checkpoint set transaction_id = ${BEFORE_ALL}::text::xid8, global_position = coalesce(
        (select min(event.global_position) - 1 from event
          where (event.transaction_id, event.global_position)
            > (checkpoint.transaction_id, checkpoint.global_position)),
        (select max(event.global_position) from event), 0)`.execute(transaction);
    const moved = await sql`update event set transaction_id = ${BEFORE_ALL}::text::xid8`.execute(transaction);
    return Number(moved.numAffectedRows ?? 0);
  });
}

async function isRestored<Tables>(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ isRestored: boolean }>`
    select coalesce((select transaction_id from event order by transaction_id desc limit 1)
      >= pg_snapshot_xmax(pg_current_snapshot()), false) as "isRestored"`.execute(db);
  return rows[0]?.isRestored === true;
}
