import { sql, type Kysely } from 'kysely';

/** All settings of a gateway; those that are there have what was the only choice until now. */
export const gatewaySettings = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table gateway_view
        add column topic_space text not null default 'isolated',
        add column authentication jsonb not null default '{"type": "one-way"}',
        add column x509_enabled boolean not null default false,
        add column ocsp text not null default 'disabled',
        add column limits jsonb not null
          default '{"maxPacketBytes": 262144, "maxSubscriptions": 100, "keepAlive": null}',
        add column device_root_certificate text,
        add column trusted_certificate text`.execute(db);
    await sql`
      create table gateway_authentication_secret (
        gateway_id text primary key,
        key_id text not null,
        sealed_access_key_secret text not null
      )`.execute(db);
  },
};
