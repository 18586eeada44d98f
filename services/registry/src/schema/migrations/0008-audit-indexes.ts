import { sql, type Kysely } from 'kysely';

export const auditIndexes = {
  /** The log by type, by actor and by time, each in the order in which it is read. */
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index event_type on event (type, transaction_id, global_position)`.execute(db);
    await sql`
      create index event_actor on event ((metadata ->> 'actor'), transaction_id, global_position)`.execute(
      db,
    );
    await sql`create index event_recorded_at on event (recorded_at)`.execute(db);
  },
};
