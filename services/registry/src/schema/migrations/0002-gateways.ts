import { sql, type Kysely } from 'kysely';

export const gateways = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table gateway_view (
        gateway_id text collate "C" primary key,
        stream_version int not null,
        name text not null,
        port int not null,
        hostname text,
        parsing_enabled boolean not null,
        server_certificate text not null,
        server_certificate_chain jsonb not null,
        product_key text not null,
        product_name text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint gateway_name unique (name)
      )`.execute(db);
    // Gateways share a port when SNI can tell them apart; one of them may be the answer to all other names.
    await sql`
      create unique index gateway_port_and_hostname on gateway_view (port, coalesce(hostname, ''))`.execute(
      db,
    );
    await sql`
      create table gateway_secret (
        gateway_id text primary key,
        key_id text not null,
        sealed_private_key text not null
      )`.execute(db);
    await sql`
      create table product_view (
        product_key text collate "C" primary key,
        name text not null,
        gateway_id text not null constraint product_gateway unique,
        created_at timestamptz not null
      )`.execute(db);
  },
};
