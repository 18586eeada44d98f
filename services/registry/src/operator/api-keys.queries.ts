import type { ApiKeyRole, ApiKeyView, Page } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';

export interface FoundApiKey {
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly hash: Buffer;
}

/** API keys in use. */
export class ApiKeyQueries {
  constructor(private readonly db: RegistryDb) {}

  async findByHash(hash: Buffer): Promise<FoundApiKey | undefined> {
    return this.db
      .selectFrom('api_key')
      .select(['name', 'role', 'hash'])
      .where('hash', '=', hash)
      .executeTakeFirst();
  }

  async list(page: {
    readonly limit: number;
    readonly after?: string | undefined;
  }): Promise<Page<ApiKeyView>> {
    const rows = await this.db
      .selectFrom('api_key')
      .select(['api_key_id', 'name', 'role', 'created_at', 'created_by'])
      .where('api_key_id', '>', page.after ?? '')
      .orderBy('api_key_id')
      .limit(page.limit + 1)
      .execute();
    const items = rows.slice(0, page.limit).map((row): ApiKeyView => ({
      apiKeyId: row.api_key_id,
      name: row.name,
      role: row.role,
      createdAt: row.created_at.toISOString(),
      createdBy: row.created_by,
    }));
    return { items, next: rows.length > page.limit ? (items.at(-1)?.apiKeyId ?? null) : null };
  }
}
