import { sql, type Kysely } from 'kysely';
import { sealPasswords } from './seal-passwords.ts';
import type { SecretSealer } from '../../secrets/sealed-secret.ts';

export const deviceImports = (sealer: SecretSealer) => ({
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table device_secret add column key_id text, add column sealed_password text`.execute(db);
    await sealPasswords(db, sealer);
    await sql`
      alter table device_secret
        drop column password,
        alter column key_id set not null,
        alter column sealed_password set not null`.execute(db);
    await sql`
      create index device_serial_number on device_view (product_key, serial_number, device_name)
      where serial_number is not null`.execute(db);
    await sql`
      create table device_import (
        import_id text collate "C" primary key,
        product_key text collate "C" not null,
        state text not null check (state in ('running', 'succeeded', 'failed')),
        is_dry_run boolean not null,
        actor text not null,
        rows int not null,
        rows_done int not null default 0,
        imported int not null default 0,
        invalid_rows int not null default 0,
        failure_code text,
        failure_message text,
        has_kept_rows boolean not null default false,
        started_at timestamptz not null default now(),
        seen_at timestamptz not null default now(),
        finished_at timestamptz
      )`.execute(db);
    await sql`create index device_import_of_product on device_import (product_key, import_id)`.execute(db);
    await sql`create index device_import_kept_rows on device_import (started_at) where has_kept_rows`.execute(
      db,
    );
    await sql`
      create table device_import_invalid_row (
        import_id text collate "C" not null references device_import on delete cascade,
        number int not null,
        line int not null,
        username text not null,
        serial_number text,
        field text not null,
        reason text not null,
        primary key (import_id, number)
      )`.execute(db);
  },
});
