import type { DeviceImportView, Page } from '@gatehouse/contracts';
import { sql, type Selectable } from 'kysely';
import { ProductQueries } from '../product/product-views.queries.ts';
import type { DeviceImportTable, RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { csvLine } from './csv-line.ts';
import { ImportInterrupted, ImportNotFound } from './device.failures.ts';

/** Longer than any import is silent: its last step is a transaction of statements of at most 30 s. */
const SILENT_SECONDS = 60;
const ROWS_AT_ONCE = 1_000;

/** Imports as the HTTP API shows them. */
export class DeviceImportQueries {
  readonly #products: ProductQueries;

  constructor(private readonly db: RegistryDb) {
    this.#products = new ProductQueries(db);
  }

  /**
   * Newest first.
   *
   * @throws {ProductNotFound}
   */
  async list(productKey: string, { limit, after }: PageRequest): Promise<Page<DeviceImportView>> {
    await this.#products.get(productKey);
    let query = this.#select(productKey)
      .orderBy('import_id', 'desc')
      .limit(limit + 1);
    if (after !== undefined) query = query.where('import_id', '<', after);
    return pageOfRows(await query.execute(), limit, {
      item: importViewOf,
      cursor: (row) => row.import_id,
    });
  }

  /** @throws {ImportNotFound} */
  async get(productKey: string, importId: string): Promise<DeviceImportView> {
    const row = await this.#select(productKey).where('import_id', '=', importId).executeTakeFirst();
    if (row === undefined) throw new ImportNotFound(importId);
    return importViewOf(row);
  }

  /**
   * What was wrong with the rows of an import, as lines of CSV (RFC 4180), piece by piece. Passwords were never
   * kept.
   */
  async *invalidRows(importId: string): AsyncGenerator<string> {
    yield csvLine(['UserName', 'SN', 'Line', 'Field', 'Reason']);
    let after = 0;
    for (;;) {
      const rows = await this.db
        .selectFrom('device_import_invalid_row')
        .selectAll()
        .where('import_id', '=', importId)
        .where('number', '>', after)
        .orderBy('number')
        .limit(ROWS_AT_ONCE)
        .execute();
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows
        .map((row) =>
          csvLine([row.username, row.serial_number ?? '', String(row.line), row.field, row.reason]),
        )
        .join('');
      after = last.number;
    }
  }

  #select(productKey: string) {
    return this.db
      .selectFrom('device_import')
      .selectAll()
      .select(
        sql<boolean>`state = 'running' and seen_at < now() - make_interval(secs => ${SILENT_SECONDS})`.as(
          'is_interrupted',
        ),
      )
      .where('product_key', '=', productKey);
  }
}

function importViewOf(
  row: Selectable<DeviceImportTable> & { readonly is_interrupted: boolean },
): DeviceImportView {
  return {
    importId: row.import_id,
    productKey: row.product_key,
    state: row.is_interrupted ? 'failed' : row.state,
    dryRun: row.is_dry_run,
    actor: row.actor,
    rows: row.rows,
    rowsDone: row.rows_done,
    imported: row.imported,
    invalidRows: row.invalid_rows,
    failure: failureOf(row),
    startedAt: row.started_at.toISOString(),
    finishedAt: (row.is_interrupted ? row.seen_at : row.finished_at)?.toISOString() ?? null,
  };
}

function failureOf(
  row: Pick<Selectable<DeviceImportTable>, 'failure_code' | 'failure_message'> & {
    readonly is_interrupted: boolean;
  },
): DeviceImportView['failure'] {
  if (row.is_interrupted) {
    const { code, message } = new ImportInterrupted();
    return { code, message };
  }
  if (row.failure_code === null || row.failure_message === null) return null;
  return { code: row.failure_code, message: row.failure_message };
}
