import { setTimeout as delay } from 'node:timers/promises';
import type { getCertificateRevocationList, ReplyOf } from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { AuthoritySecrets } from './authority-secrets.ts';
import { RevocationListNotSigned } from './authority.failures.ts';
import type { ListSigner } from './list-signer.ts';
import { authorityKeys, requireAuthority } from './require-authority.ts';

type Reply = ReplyOf<typeof getCertificateRevocationList>;

export interface RevocationListSettings {
  /** From thisUpdate to nextUpdate. */
  readonly validitySeconds: number;
  readonly clock: () => Date;
}

/** What an authority has at the moment. */
interface Standing {
  /** DER, base64; null before the first. */
  readonly list: string | null;
  readonly nextUpdate: Date | null;
  /** Of the list; 0 before the first. */
  readonly number: number;
  /** How many certificates the authority has revoked. */
  readonly revocations: number;
  /** All revocations are in the list, and less than half of its life is over. */
  readonly isCurrent: boolean;
}

/** Who asks waits that long for a new list while the former one holds. */
const PATIENCE_MS = 2_000;
/** A revocation that comes while a list is made is not in it. */
const MAX_ROUNDS = 2;

/**
 * CRLs of authorities of our own (RFC 5280 §5): made anew after a revocation, and at half of their life. A long one
 * takes seconds, on a thread and outside of any transaction.
 */
export class RevocationLists {
  readonly #flights = new Map<string, Promise<void>>();

  constructor(
    private readonly db: RegistryDb,
    private readonly secrets: AuthoritySecrets,
    private readonly signer: ListSigner,
    private readonly settings: RevocationListSettings,
  ) {}

  /** @throws {SecretNotReadable | RevocationListNotSigned} */
  async current(authorityId: string): Promise<Reply> {
    let standing = await this.#standing(authorityId);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (standing === undefined || standing.isCurrent) break;
      const isLate = await this.#renewed(authorityId, standing);
      if (isLate) break;
      standing = await this.#standing(authorityId);
    }
    if (standing === undefined) return { outcome: 'unknown-authority' };
    const { list, nextUpdate } = standing;
    if (list === null || nextUpdate === null)
      throw new RevocationListNotSigned(authorityId, 'it was deleted');
    return { outcome: 'found', crl: list, nextUpdate: nextUpdate.toISOString() };
  }

  async #standing(authorityId: string): Promise<Standing | undefined> {
    const row = await this.db
      .selectFrom('authority_view')
      .leftJoin('authority_revocation_list as kept', 'kept.authority_id', 'authority_view.authority_id')
      .select([
        // As text: the driver reads bytea byte by byte.
        sql<string | null>`translate(encode(kept.list, 'base64'), E'\n', '')`.as('list'),
        'kept.next_update',
        'kept.number',
        'kept.revocations as listed',
        'authority_view.revocations',
      ])
      .where('authority_view.authority_id', '=', authorityId)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { list, next_update: nextUpdate, number, listed, revocations } = row;
    const leftMs = (nextUpdate?.getTime() ?? 0) - this.settings.clock().getTime();
    const isCurrent = listed === revocations && leftMs > this.settings.validitySeconds * 500;
    return { list, nextUpdate, number: number ?? 0, revocations, isCurrent };
  }

  /** @returns whether the new one is not there yet, and the former one holds meanwhile */
  async #renewed(authorityId: string, standing: Standing): Promise<boolean> {
    const flight = this.#flights.get(authorityId) ?? this.#startRenewing(authorityId, standing);
    const renewed = flight.then(() => false);
    const holds = (standing.nextUpdate?.getTime() ?? 0) > this.settings.clock().getTime();
    return holds ? Promise.race([renewed, delay(PATIENCE_MS, true, { ref: false })]) : renewed;
  }

  #startRenewing(authorityId: string, standing: Standing): Promise<void> {
    const flight = this.#renew(authorityId, standing).finally(() => this.#flights.delete(authorityId));
    this.#flights.set(authorityId, flight);
    return flight;
  }

  async #renew(authorityId: string, { number: former, revocations }: Standing): Promise<void> {
    const thisUpdate = new Date(Math.floor(this.settings.clock().getTime() / 1_000) * 1_000);
    const nextUpdate = new Date(thisUpdate.getTime() + this.settings.validitySeconds * 1_000);
    const number = former + 1;
    const { certificate, key } = await authorityKeys(this.db, authorityId, this.secrets);
    const signed = await this.signer.sign({
      certificate: certificate.raw,
      key,
      number,
      thisUpdate,
      nextUpdate,
      revocations: await this.#revocationsAt(authorityId, thisUpdate),
    });
    if (signed.outcome === 'failed') throw new RevocationListNotSigned(authorityId, signed.reason);
    const row = {
      number,
      revocations,
      list: Buffer.from(signed.list),
      this_update: thisUpdate,
      next_update: nextUpdate,
    };
    await this.db.transaction().execute(async (db) => {
      await requireAuthority(db, authorityId);
      // Of two instances that make the same number one is late; what it made is seen by nobody.
      await db
        .insertInto('authority_revocation_list')
        .values({ authority_id: authorityId, ...row })
        .onConflict((conflict) =>
          conflict
            .column('authority_id')
            .doUpdateSet(row)
            .where('authority_revocation_list.number', '<', number),
        )
        .execute();
    });
  }

  /** Lines as ListOrder has them. Those that have expired are good for nothing anyway, and leave the list. */
  async #revocationsAt(authorityId: string, instant: Date): Promise<string> {
    const { lines } = await this.db
      .selectFrom('issued_certificate_view')
      // One text, because the rows of a long list hold the event loop up.
      .select(
        sql<string | null>`string_agg(
          concat_ws(' ', serial_number, floor(extract(epoch from revoked_at))::bigint, revocation_reason),
          E'\n' order by serial_number)`.as('lines'),
      )
      .where('authority_id', '=', authorityId)
      .where('revoked_at', 'is not', null)
      .where('not_after', '>', instant)
      .executeTakeFirstOrThrow();
    return lines ?? '';
  }
}
