import { sql, type Kysely } from 'kysely';

/** What becomes of messages that cannot be parsed. */
export const parsingFailures = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table gateway_view
        add column on_parsing_failure text not null default 'drop'`.execute(db);
  },
};
