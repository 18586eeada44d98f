import { sql, type Kysely } from 'kysely';

/** A version that parses a share of the devices. */
export const parsingCanary = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table parsing_script_view
        add column canary_version int,
        add column canary_percent int`.execute(db);
  },
};
