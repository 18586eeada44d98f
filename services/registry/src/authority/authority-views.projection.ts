import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { authorityEvent } from './authority.events.ts';

/** Brings `authority_view` up to date with one event; events of other aggregates change nothing. */
export async function projectAuthority(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('authority/')) return;
  const event = authorityEvent.parse({ type: recorded.type, data: recorded.data });
  const { authorityId } = event.data;
  switch (event.type) {
    case 'AuthorityCreated': {
      const { commonName, certificate, notAfter } = event.data;
      await db
        .insertInto('authority_view')
        .values({
          authority_id: authorityId,
          common_name: commonName,
          certificate,
          not_after: new Date(notAfter),
          created_at: recorded.recordedAt,
          revocations: 0,
        })
        .execute();
      return;
    }
    case 'AuthorityDeleted':
      await db.deleteFrom('authority_view').where('authority_id', '=', authorityId).execute();
      await db.deleteFrom('issued_certificate_view').where('authority_id', '=', authorityId).execute();
  }
}
