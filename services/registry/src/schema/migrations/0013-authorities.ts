import { sql, type Kysely } from 'kysely';

/** Authorities of one's own, what they issued, their keys and their revocation lists. */
export const authorities = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table authority_view (
        authority_id text collate "C" primary key,
        common_name text not null,
        certificate text not null,
        not_after timestamptz not null,
        created_at timestamptz not null,
        revocations int not null
      )`.execute(db);
    await sql`
      create table issued_certificate_view (
        authority_id text collate "C" not null,
        serial_number text collate "C" not null,
        common_name text not null,
        usage text not null,
        certificate text not null,
        not_before timestamptz not null,
        not_after timestamptz not null,
        revoked_at timestamptz,
        revocation_reason text,
        primary key (authority_id, serial_number)
      )`.execute(db);
    await sql`
      create index issued_certificate_revoked on issued_certificate_view (authority_id, serial_number)
      where revoked_at is not null`.execute(db);
    await sql`
      create table authority_secret (
        authority_id text collate "C" primary key,
        key_id text not null,
        sealed_private_key text not null
      )`.execute(db);
    await sql`
      create table authority_revocation_list (
        authority_id text collate "C" primary key,
        number int not null,
        revocations int not null,
        list bytea not null,
        this_update timestamptz not null,
        next_update timestamptz not null
      )`.execute(db);
  },
};
