import { sql, type Kysely } from 'kysely';

export const edgeEventIndex = {
  /**
   * What one edge reported of one type: edges write most of the log, so neither filter alone leaves few events.
   * Partial, so that imports do not pay for it.
   */
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create index event_edge_type
      on event (type, (metadata ->> 'actor'), transaction_id, global_position)
      where (metadata ->> 'actor') like 'edge:%'`.execute(db);
  },
};
