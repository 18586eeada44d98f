import { sql, type Kysely } from 'kysely';

export const devices = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table device_view (
        product_key text collate "C" not null,
        device_name text collate "C" not null,
        stream_version int not null,
        serial_number text,
        is_disabled boolean not null,
        is_online boolean not null,
        session bigint not null,
        open_sessions jsonb not null,
        gateway_id text,
        edge_id text,
        client_id text,
        remote_address text,
        protocol_version int,
        created_at timestamptz not null,
        activated_at timestamptz,
        last_online_at timestamptz,
        last_offline_at timestamptz,
        updated_at timestamptz not null,
        status text not null generated always as (
          case
            when is_disabled then 'DISABLE'
            when is_online then 'ONLINE'
            when activated_at is null then 'UNACTIVE'
            else 'OFFLINE'
          end
        ) stored,
        constraint device_name primary key (product_key, device_name)
      )`.execute(db);
    await sql`create index device_status on device_view (product_key, status, device_name)`.execute(db);
    await sql`create index device_open_session on device_view (edge_id, product_key, device_name) where is_online`.execute(
      db,
    );
    await sql`
      create table device_secret (
        product_key text collate "C" not null,
        device_name text collate "C" not null,
        password jsonb not null,
        primary key (product_key, device_name)
      )`.execute(db);
  },
};
