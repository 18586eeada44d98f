import { createEventTables } from '@gatehouse/event-store';
import { sql, type Kysely } from 'kysely';

export const eventLog = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createEventTables(db);
    await sql`
      create table idempotent_command (
        actor text not null,
        key text not null,
        command_hash text not null,
        answer jsonb,
        created_at timestamptz not null default now(),
        primary key (actor, key)
      )`.execute(db);
    await sql`create index idempotent_command_age on idempotent_command (created_at)`.execute(db);
  },
};
