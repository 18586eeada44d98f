import type { getCertificateRevocationList, ReplyOf } from '@gatehouse/contracts';
import { signRevocationList, type RevocationToList } from '@gatehouse/pki';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import type { AuthoritySecrets } from './authority-secrets.ts';
import { authorityKeys } from './require-authority.ts';

type Reply = ReplyOf<typeof getCertificateRevocationList>;

export interface RevocationListSettings {
  /** From thisUpdate to nextUpdate. */
  readonly validitySeconds: number;
  readonly clock: () => Date;
}

/** CRLs of authorities of our own (RFC 5280 §5): made anew after a revocation, and at half of their life. */
export class RevocationLists {
  constructor(
    private readonly db: RegistryDb,
    private readonly secrets: AuthoritySecrets,
    private readonly settings: RevocationListSettings,
  ) {}

  /** @throws {SecretNotReadable} */
  async current(authorityId: string): Promise<Reply> {
    return (await this.#kept(this.db, authorityId)) ?? this.#made(authorityId);
  }

  /** Null when it must be made anew, or there is no such authority. */
  async #kept(db: RegistryDb, authorityId: string): Promise<Reply | null> {
    const row = await db
      .selectFrom('authority_revocation_list as kept')
      .innerJoin('authority_view', 'authority_view.authority_id', 'kept.authority_id')
      .select(['list', 'next_update', 'kept.revocations as known', 'authority_view.revocations'])
      .where('kept.authority_id', '=', authorityId)
      .executeTakeFirst();
    if (row === undefined || row.known !== row.revocations) return null;
    const leftMs = row.next_update.getTime() - this.settings.clock().getTime();
    return leftMs > this.settings.validitySeconds * 500 ? found(row.list, row.next_update) : null;
  }

  async #made(authorityId: string): Promise<Reply> {
    return this.db.transaction().execute(async (db) => {
      // One at a time, so that no number is given twice.
      const authority = await db
        .selectFrom('authority_view')
        .select('revocations')
        .where('authority_id', '=', authorityId)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (authority === undefined) return { outcome: 'unknown-authority' };
      const kept = await this.#kept(db, authorityId);
      if (kept !== null) return kept;
      const thisUpdate = new Date(Math.floor(this.settings.clock().getTime() / 1_000) * 1_000);
      const nextUpdate = new Date(thisUpdate.getTime() + this.settings.validitySeconds * 1_000);
      const number = await nextNumber(db, authorityId);
      const list = Buffer.from(
        signRevocationList(await authorityKeys(db, authorityId, this.secrets), {
          number,
          thisUpdate,
          nextUpdate,
          entries: await revocationsAt(db, authorityId, thisUpdate),
        }),
      );
      const row = {
        number,
        revocations: authority.revocations,
        list,
        this_update: thisUpdate,
        next_update: nextUpdate,
      };
      await db
        .insertInto('authority_revocation_list')
        .values({ authority_id: authorityId, ...row })
        .onConflict((conflict) => conflict.column('authority_id').doUpdateSet(row))
        .execute();
      return found(list, nextUpdate);
    });
  }
}

async function nextNumber(db: RegistryTransaction, authorityId: string): Promise<number> {
  const row = await db
    .selectFrom('authority_revocation_list')
    .select('number')
    .where('authority_id', '=', authorityId)
    .executeTakeFirst();
  return (row?.number ?? 0) + 1;
}

/** Those that have expired are good for nothing anyway, and leave the list. */
async function revocationsAt(
  db: RegistryTransaction,
  authorityId: string,
  instant: Date,
): Promise<RevocationToList[]> {
  const rows = await db
    .selectFrom('issued_certificate_view')
    .select(['serial_number', 'revoked_at', 'revocation_reason'])
    .where('authority_id', '=', authorityId)
    .where('revoked_at', 'is not', null)
    .where('not_after', '>', instant)
    .orderBy('serial_number')
    .execute();
  return rows.map(({ serial_number, revoked_at, revocation_reason }) => ({
    serialNumber: serial_number,
    revokedAt: revoked_at ?? instant,
    ...(revocation_reason === null ? {} : { reason: revocation_reason }),
  }));
}

function found(list: Buffer, nextUpdate: Date): Reply {
  return { outcome: 'found', crl: list.toString('base64'), nextUpdate: nextUpdate.toISOString() };
}
