import { randomUUIDv7 } from 'node:crypto';
import type { ImportRowError } from '@gatehouse/contracts';
import { Failure } from '@gatehouse/failure';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { ImportRow } from './device-import.ts';

export interface ImportBeginning {
  readonly productKey: string;
  readonly rows: number;
  readonly isDryRun: boolean;
  readonly actor: string;
}

/** Invalid rows are for mending the file now, not for keeping. */
const INVALID_ROWS_KEPT_DAYS = 30;
const MAX_KEPT_CHARACTERS = 64;

/**
 * Writes down what becomes of each import, so that it can be read while it runs and afterwards. The end of one
 * that succeeds is committed with its devices.
 */
export class DeviceImports {
  constructor(private readonly db: RegistryDb) {}

  /** @returns its id */
  async begin({ productKey, rows, isDryRun, actor }: ImportBeginning): Promise<string> {
    const importId = randomUUIDv7();
    await this.db
      .insertInto('device_import')
      .values({
        import_id: importId,
        product_key: productKey,
        state: 'running',
        is_dry_run: isDryRun,
        actor,
        rows,
        failure_code: null,
        failure_message: null,
        finished_at: null,
      })
      .execute();
    return importId;
  }

  async progress(importId: string, rowsDone: number): Promise<void> {
    await this.db
      .updateTable('device_import')
      .set({ rows_done: rowsDone, seen_at: sql<Date>`now()` })
      .where('import_id', '=', importId)
      .execute();
  }

  /** @param db the transaction of the import */
  async succeed(db: RegistryDb, importId: string, imported: number): Promise<void> {
    await db
      .updateTable('device_import')
      .set({
        state: 'succeeded',
        rows_done: sql<number>`rows`,
        imported,
        finished_at: sql<Date>`clock_timestamp()`,
      })
      .where('import_id', '=', importId)
      .execute();
  }

  async fail(importId: string, error: unknown): Promise<void> {
    const failure =
      error instanceof Failure
        ? { failure_code: error.code, failure_message: error.message }
        : {
            failure_code: 'SERVICE_UNEXPECTED',
            failure_message: 'something went wrong; the log has the cause',
          };
    await this.db
      .updateTable('device_import')
      .set({ state: 'failed', ...failure, finished_at: sql<Date>`clock_timestamp()` })
      .where('import_id', '=', importId)
      .execute();
  }

  /** Of one whose request was answered by an earlier import. */
  async forget(importId: string): Promise<void> {
    await this.db.deleteFrom('device_import').where('import_id', '=', importId).execute();
  }

  /** Keeps what is wrong for the download; no password, and nothing longer than a name. */
  async keepInvalidRows(
    importId: string,
    rows: readonly ImportRow[],
    errors: readonly ImportRowError[],
  ): Promise<void> {
    if (errors.length === 0) return;
    const serialNumbers = new Map(rows.map(({ line, sn }) => [line, sn === undefined ? null : keptText(sn)]));
    await this.db.transaction().execute(async (transaction) => {
      await forgetOldInvalidRows(transaction);
      await sql`
        insert into device_import_invalid_row (import_id, number, line, username, serial_number, field, reason)
        select ${importId}, number, line, username, serial_number, field, reason
        from unnest(
          ${errors.map(({ line }) => line)}::int[], ${errors.map(({ username }) => keptText(username))}::text[],
          ${errors.map(({ line }) => serialNumbers.get(line) ?? null)}::text[], ${errors.map(({ field }) => field)}::text[],
          ${errors.map(({ reason }) => reason)}::text[]
        ) with ordinality as new (line, username, serial_number, field, reason, number)`.execute(transaction);
      await transaction
        .updateTable('device_import')
        .set({ invalid_rows: new Set(errors.map(({ line }) => line)).size, has_kept_rows: true })
        .where('import_id', '=', importId)
        .execute();
    });
  }
}

async function forgetOldInvalidRows(db: RegistryDb): Promise<void> {
  await sql`
    with old as (
      update device_import set has_kept_rows = false
      where has_kept_rows and started_at < now() - make_interval(days => ${INVALID_ROWS_KEPT_DAYS})
      returning import_id
    )
    delete from device_import_invalid_row using old
    where device_import_invalid_row.import_id = old.import_id`.execute(db);
}

/** What PostgreSQL can hold of a field, as long as the longest that could be right. */
function keptText(field: string): string {
  return field.slice(0, MAX_KEPT_CHARACTERS).toWellFormed().replaceAll('\0', '\uFFFD');
}
