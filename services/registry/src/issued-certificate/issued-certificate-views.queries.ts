import type { IssuedCertificateView, Page } from '@gatehouse/contracts';
import type { Selectable } from 'kysely';
import { AuthorityNotFound } from '../authority/authority.failures.ts';
import type { IssuedCertificateViewTable } from '../schema/authority-tables.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { IssuedCertificateNotFound } from './issued-certificate.failures.ts';

export class IssuedCertificateQueries {
  constructor(private readonly db: RegistryDb) {}

  /** By serial number. @throws {AuthorityNotFound} */
  async list(authorityId: string, { limit, after }: PageRequest): Promise<Page<IssuedCertificateView>> {
    await this.#requireAuthority(authorityId, this.db);
    const rows = await this.db
      .selectFrom('issued_certificate_view')
      .selectAll()
      .where('authority_id', '=', authorityId)
      .where('serial_number', '>', after ?? '')
      .orderBy('serial_number')
      .limit(limit + 1)
      .execute();
    return pageOfRows(rows, limit, { item: viewOf, cursor: (row) => row.serial_number });
  }

  /**
   * @param db the transaction of a command, to decide on what it sees
   * @throws {AuthorityNotFound | IssuedCertificateNotFound}
   */
  async get(
    authorityId: string,
    serialNumber: string,
    db: RegistryDb = this.db,
  ): Promise<IssuedCertificateView> {
    await this.#requireAuthority(authorityId, db);
    const row = await db
      .selectFrom('issued_certificate_view')
      .selectAll()
      .where('authority_id', '=', authorityId)
      .where('serial_number', '=', serialNumber)
      .executeTakeFirst();
    if (row === undefined) throw new IssuedCertificateNotFound(authorityId, serialNumber);
    return viewOf(row);
  }

  async #requireAuthority(authorityId: string, db: RegistryDb): Promise<void> {
    const row = await db
      .selectFrom('authority_view')
      .select('authority_id')
      .where('authority_id', '=', authorityId)
      .executeTakeFirst();
    if (row === undefined) throw new AuthorityNotFound(authorityId);
  }
}

function viewOf(row: Selectable<IssuedCertificateViewTable>): IssuedCertificateView {
  return {
    serialNumber: row.serial_number,
    commonName: row.common_name,
    usage: row.usage,
    certificate: row.certificate,
    notBefore: row.not_before.toISOString(),
    notAfter: row.not_after.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    revocationReason: row.revocation_reason,
  };
}
