import { sql, type Kysely } from 'kysely';

export const parsingScripts = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table parsing_script_view (
        product_key text collate "C" primary key,
        stream_version int not null,
        newest_version int not null,
        version_in_force int not null
      )`.execute(db);
    await sql`
      create table parsing_version_view (
        product_key text collate "C" not null,
        version int not null,
        language text not null,
        code text not null,
        submitted_at timestamptz not null,
        submitted_by text not null,
        primary key (product_key, version)
      )`.execute(db);
    await sql`
      create table parsing_draft (
        product_key text collate "C" primary key,
        language text not null,
        code text not null,
        saved_at timestamptz not null default now(),
        saved_by text not null
      )`.execute(db);
  },
};
