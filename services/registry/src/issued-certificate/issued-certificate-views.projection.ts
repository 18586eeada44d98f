import type { RecordedEvent } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { issuedCertificateEvent } from './issued-certificate.events.ts';

/** Brings `issued_certificate_view` up to date with one event; events of other aggregates change nothing. */
export async function projectIssuedCertificate(
  db: RegistryTransaction,
  recorded: RecordedEvent,
): Promise<void> {
  if (!recorded.streamId.startsWith('issued-certificate/')) return;
  const event = issuedCertificateEvent.parse({ type: recorded.type, data: recorded.data });
  const { authorityId, serialNumber } = event.data;
  switch (event.type) {
    case 'CertificateIssued': {
      const { commonName, usage, certificate, notBefore, notAfter } = event.data;
      await db
        .insertInto('issued_certificate_view')
        .values({
          authority_id: authorityId,
          serial_number: serialNumber,
          common_name: commonName,
          usage,
          certificate,
          not_before: new Date(notBefore),
          not_after: new Date(notAfter),
          revoked_at: null,
          revocation_reason: null,
        })
        .execute();
      return;
    }
    case 'CertificateRevoked': {
      const { reason, revokedAt } = event.data;
      await db
        .updateTable('issued_certificate_view')
        .set({ revoked_at: new Date(revokedAt), revocation_reason: reason })
        .where('authority_id', '=', authorityId)
        .where('serial_number', '=', serialNumber)
        .execute();
      await db
        .updateTable('authority_view')
        .set({ revocations: sql<number>`revocations + 1` })
        .where('authority_id', '=', authorityId)
        .execute();
    }
  }
}
