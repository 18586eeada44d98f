import { sql, type Kysely } from 'kysely';

export const apiKeys = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table api_key (
        api_key_id text collate "C" primary key,
        name text not null,
        role text not null,
        hash bytea not null constraint api_key_hash unique,
        created_at timestamptz not null default now(),
        created_by text not null
      )`.execute(db);
    await sql`create unique index api_key_name on api_key (name)`.execute(db);
  },
};
