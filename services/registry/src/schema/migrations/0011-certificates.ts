import { sql, type Kysely } from 'kysely';

/** Generations of server chains, second chains, device roots that are switched, settings of TLS and revocation. */
export const certificates = {
  async up<Tables>(db: Kysely<Tables>): Promise<void> {
    await sql`
      alter table gateway_view
        add column revocation jsonb not null
          default '{"scope": "leaf", "onUnknown": "allow", "responderUrl": null}',
        add column tls jsonb not null default '{"minVersion": "1.2"}',
        add column alternative_server_certificate text,
        add column alternative_server_certificate_chain jsonb,
        add column device_roots jsonb not null default '[]',
        add column trusted_certificate_chain jsonb,
        add column expiry_noticed jsonb not null default '{}'`.execute(db);
    await sql`
      with root as (
        select distinct on (stream_id) stream_id, data -> 'deviceRootCertificate' as certificate
        from event where type in ('GatewayCreated', 'DeviceRootReplaced')
        order by stream_id, stream_version desc
      )
      update gateway_view set device_roots = jsonb_build_array(jsonb_build_object(
        'fingerprint', certificate -> 'chain' -> -1 ->> 'fingerprint', 'enabled', true, 'certificate', certificate))
      from root where root.stream_id = 'gateway/' || gateway_id and device_root_certificate is not null`.execute(
      db,
    );
    await sql`
      with trusted as (
        select distinct on (stream_id) stream_id, data -> 'trustedCertificate' -> 'chain' as chain
        from event where type in ('GatewayCreated', 'TrustedCertificateReplaced')
        order by stream_id, stream_version desc
      )
      update gateway_view set trusted_certificate_chain = trusted.chain
      from trusted where trusted.stream_id = 'gateway/' || gateway_id and trusted_certificate is not null`.execute(
      db,
    );
    await sql`
      create table gateway_generation_view (
        gateway_id text collate "C" not null,
        stream_version int not null,
        used_from timestamptz not null,
        server_certificate text not null,
        alternative_server_certificate text,
        primary key (gateway_id, stream_version)
      )`.execute(db);
    await sql`
      insert into gateway_generation_view
      select distinct on (stream_id) gateway_id, event.stream_version, date_trunc('milliseconds', recorded_at),
        server_certificate, null
      from event join gateway_view on stream_id = 'gateway/' || gateway_id
      where type in ('GatewayCreated', 'ServerCertificateReplaced')
      order by stream_id, event.stream_version desc`.execute(db);
    await sql`alter table gateway_secret add column fingerprint text`.execute(db);
    await sql`
      update gateway_secret set fingerprint = server_certificate_chain -> 0 ->> 'fingerprint'
      from gateway_view where gateway_view.gateway_id = gateway_secret.gateway_id`.execute(db);
    await sql`delete from gateway_secret where fingerprint is null`.execute(db);
    await sql`
      alter table gateway_secret drop constraint gateway_secret_pkey, add primary key (gateway_id, fingerprint)`.execute(
      db,
    );
  },
};
