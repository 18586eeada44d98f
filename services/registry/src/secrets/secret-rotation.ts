import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { SecretSealer } from './sealed-secret.ts';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts';
import { SecretNotReadable } from './secrets.failures.ts';

const ROWS_AT_ONCE = 500;

/** A secret that no key at hand opens. */
export interface UnreadableSecret {
  readonly place: string;
  readonly keyId: string;
}

export interface Rotation {
  readonly resealed: number;
  readonly unreadable: readonly UnreadableSecret[];
}

interface SealedRow {
  readonly ids: readonly string[];
  readonly key_id: string;
  readonly sealed: string;
}

/**
 * Seals every secret anew that is under another key than the sealer's own; what is under it already is left
 * alone, so a rotation that was stopped goes on where it was. Rows are locked while they change: a command that
 * replaces a secret meanwhile is not undone.
 *
 * @param sealer knows the former key too
 * @param onProgress is told after each batch how many secrets there were so far
 */
export async function rotateSecrets(
  db: RegistryDb,
  sealer: SecretSealer,
  onProgress: (resealed: number) => void = () => undefined,
): Promise<Rotation> {
  let resealed = 0;
  const unreadable: UnreadableSecret[] = [];
  for (const column of SEALED_COLUMNS) {
    let after: readonly string[] | undefined = column.idColumns.map(() => '');
    while (after !== undefined) {
      const batch = await rotateBatch(db, sealer, { column, after });
      resealed += batch.resealed;
      unreadable.push(...batch.unreadable);
      after = batch.last;
      if (batch.resealed > 0) onProgress(resealed);
    }
  }
  return { resealed, unreadable };
}

async function rotateBatch(
  db: RegistryDb,
  sealer: SecretSealer,
  { column, after }: { readonly column: SealedColumn; readonly after: readonly string[] },
): Promise<Rotation & { readonly last: readonly string[] | undefined }> {
  const { table, idColumns, sealedColumn, placeOf } = column;
  const id = sql.join(idColumns.map((name) => sql.id(name)));
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<SealedRow>`
      select array[${id}] as ids, key_id, ${sql.id(sealedColumn)} as sealed from ${sql.id(table)}
      where key_id <> ${sealer.keyId} and (${id}) > (${sql.join(after)})
      order by ${id} limit ${ROWS_AT_ONCE} for update`.execute(transaction);
    const unreadable: UnreadableSecret[] = [];
    const anew: { readonly ids: readonly string[]; readonly sealed: string }[] = [];
    for (const { ids, key_id: keyId, sealed } of rows) {
      const place = placeOf(ids);
      const secret = openOrUndefined(sealer, { keyId, sealed }, place);
      if (secret === undefined) unreadable.push({ place, keyId });
      else anew.push({ ids, sealed: sealer.seal(secret, place).sealed });
    }
    const idsOf = (index: number): string[] => anew.map(({ ids }) => ids[index] ?? '');
    await sql`
      update ${sql.id(table)} set key_id = ${sealer.keyId}, ${sql.id(sealedColumn)} = anew.sealed
      from unnest(${sql.join(idColumns.map((_name, index) => sql`${idsOf(index)}::text[]`))},
        ${anew.map(({ sealed }) => sealed)}::text[]) as anew (${id}, sealed)
      where (${sql.join(idColumns.map((name) => sql.ref(`${table}.${name}`)))})
        = (${sql.join(idColumns.map((name) => sql.ref(`anew.${name}`)))})`.execute(transaction);
    return { resealed: anew.length, unreadable, last: rows.at(-1)?.ids };
  });
}

function openOrUndefined(
  sealer: SecretSealer,
  sealed: { readonly keyId: string; readonly sealed: string },
  place: string,
): string | undefined {
  try {
    return sealer.open(sealed, place);
  } catch (error) {
    if (error instanceof SecretNotReadable) return undefined;
    throw error;
  }
}
