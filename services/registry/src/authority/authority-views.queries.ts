import type { AuthorityView, Page } from '@gatehouse/contracts';
import type { Selectable } from 'kysely';
import type { AuthorityViewTable } from '../schema/authority-tables.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import type { AuthorityUrls } from './authority-urls.ts';
import { AuthorityNotFound } from './authority.failures.ts';

export class AuthorityQueries {
  constructor(
    private readonly db: RegistryDb,
    private readonly urls: AuthorityUrls,
  ) {}

  async list({ limit, after }: PageRequest): Promise<Page<AuthorityView>> {
    const rows = await this.db
      .selectFrom('authority_view')
      .selectAll()
      .where('authority_id', '>', after ?? '')
      .orderBy('authority_id')
      .limit(limit + 1)
      .execute();
    return pageOfRows(rows, limit, {
      item: (row) => this.#viewOf(row),
      cursor: (row) => row.authority_id,
    });
  }

  /**
   * @param db the transaction of a command, to decide on what it sees
   * @throws {AuthorityNotFound}
   */
  async get(authorityId: string, db: RegistryDb = this.db): Promise<AuthorityView> {
    const row = await db
      .selectFrom('authority_view')
      .selectAll()
      .where('authority_id', '=', authorityId)
      .executeTakeFirst();
    if (row === undefined) throw new AuthorityNotFound(authorityId);
    return this.#viewOf(row);
  }

  #viewOf(row: Selectable<AuthorityViewTable>): AuthorityView {
    return {
      authorityId: row.authority_id,
      commonName: row.common_name,
      certificate: row.certificate,
      ocspUrl: this.urls.ocspUrl(row.authority_id),
      crlUrl: this.urls.crlUrl(row.authority_id),
      notAfter: row.not_after.toISOString(),
      createdAt: row.created_at.toISOString(),
    };
  }
}
