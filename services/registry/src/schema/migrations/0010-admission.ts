import { sql, type Kysely } from 'kysely';

/** What auth and edges need to know of a gateway to admit its devices. */
export const admission = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table gateway_view
        add column common_name_must_equal_username boolean not null default false,
        add column admission_version int not null default 1,
        add column permissions jsonb not null default '[]',
        alter column limits drop default`.execute(db);
    await sql`
      update gateway_view set limits = limits || '{"connectsPerMinute": null}'
      where not jsonb_exists(limits, 'connectsPerMinute')`.execute(db);
    await sql`
      with target as (
        select stream_id, stream_version, (data ->> 'accessKeySecretReplaced')::boolean as is_secret_new,
          (data -> 'authentication') - 'timeoutMs' - 'cacheSeconds' as now,
          lag((data -> 'authentication') - 'timeoutMs' - 'cacheSeconds')
            over (partition by stream_id order by stream_version) as before
        from event where type in ('GatewayCreated', 'AuthenticationTargetChanged')
      ), change as (
        select stream_id, stream_version from target where now is distinct from before or is_secret_new
        union all
        select stream_id, stream_version from event where type = 'DeviceRootReplaced'
      ), newest as (
        select stream_id, max(stream_version) as version from change group by stream_id
      )
      update gateway_view set admission_version = newest.version
      from newest where newest.stream_id = 'gateway/' || gateway_id`.execute(db);
  },
};
