import { sql, type Kysely } from 'kysely';

/** By which sessions are told apart that were admitted under former credentials. */
export const credentialVersion = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table device_view add column credential_version int not null default 0`.execute(db);
    await sql`
      update device_view set credential_version = newest.version
      from (
        select stream_id, max(stream_version) as version
        from event
        where type in ('DeviceImported', 'DeviceCreated', 'DeviceCredentialsReplaced')
        group by stream_id
      ) as newest
      where newest.stream_id = 'device/' || device_view.product_key || '/' || device_view.device_name`.execute(
      db,
    );
    await sql`alter table device_view alter column credential_version drop default`.execute(db);
  },
};
