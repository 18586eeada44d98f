import type {
  Page,
  ParsingDraftInput,
  ParsingDraftView,
  ParsingVersionView,
  ProductParsing,
  ScriptLanguage,
} from '@gatehouse/contracts';
import { ProductQueries } from '../product/product-views.queries.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { DraftNotFound, ScriptVersionNotFound } from './parsing-script.failures.ts';
import type { ScriptCompiler } from './script-compiler.ts';

const NEWEST = 2_147_483_647;

export class ParsingScriptQueries {
  readonly #products: ProductQueries;

  constructor(private readonly db: RegistryDb) {
    this.#products = new ProductQueries(db);
  }

  /** @throws {ProductNotFound | DraftNotFound} */
  async draft(productKey: string, db: RegistryDb = this.db): Promise<ParsingDraftView> {
    await this.#products.get(productKey, db);
    const row = await db
      .selectFrom('parsing_draft')
      .selectAll()
      .where('product_key', '=', productKey)
      .executeTakeFirst();
    if (row === undefined) throw new DraftNotFound(productKey);
    return {
      productKey,
      language: row.language,
      code: row.code,
      savedAt: row.saved_at.toISOString(),
      savedBy: row.saved_by,
    };
  }

  /** Newest first. @throws {ProductNotFound} */
  async versions(productKey: string, { limit, after }: PageRequest): Promise<Page<ParsingVersionView>> {
    await this.#products.get(productKey);
    const below = /^[1-9]\d{0,8}$/.test(after ?? '') ? Number(after) : NEWEST;
    const rows = await this.#select()
      .where('parsing_version_view.product_key', '=', productKey)
      .where('version', '<', below)
      .orderBy('version', 'desc')
      .limit(limit + 1)
      .execute();
    return pageOfRows(rows, limit, { item: viewOf, cursor: ({ version }) => String(version) });
  }

  /** @throws {ScriptVersionNotFound} */
  async version(productKey: string, version: number, db: RegistryDb = this.db): Promise<ParsingVersionView> {
    const row = await this.#select(db)
      .where('parsing_version_view.product_key', '=', productKey)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined) throw new ScriptVersionNotFound(productKey, version);
    return viewOf(row);
  }

  /** Which of the versions in use are this very script. */
  async sameAs(
    productKey: string,
    { language, code }: ParsingDraftInput,
    db: RegistryDb = this.db,
  ): Promise<{ versionInForce: boolean; canary: boolean }> {
    const rows = await this.#select(db)
      .where('parsing_version_view.product_key', '=', productKey)
      .where((where) =>
        where.or([
          where('version', '=', where.ref('version_in_force')),
          where('version', '=', where.ref('canary_version')),
        ]),
      )
      .where('language', '=', language)
      .where('code', '=', code)
      .execute();
    return {
      versionInForce: rows.some((row) => row.version === row.version_in_force),
      canary: rows.some((row) => row.version === row.canary_version),
    };
  }

  #select(db: RegistryDb = this.db) {
    return db
      .selectFrom('parsing_version_view')
      .innerJoin('parsing_script_view', 'parsing_script_view.product_key', 'parsing_version_view.product_key')
      .selectAll('parsing_version_view')
      .select(['version_in_force', 'canary_version', 'canary_percent']);
  }
}

export class ProductParsingQueries {
  constructor(
    private readonly db: RegistryDb,
    private readonly compiler: ScriptCompiler,
  ) {}

  /**
   * How a product's uplink is parsed; null when there is no such product.
   *
   * @throws {ScriptCompilerBusy}
   */
  async get(productKey: string): Promise<ProductParsing | null> {
    const row = await this.db
      .selectFrom('gateway_view')
      .leftJoin('parsing_script_view', 'parsing_script_view.product_key', 'gateway_view.product_key')
      .leftJoin('parsing_version_view', (join) =>
        join
          .onRef('parsing_version_view.product_key', '=', 'parsing_script_view.product_key')
          .onRef('parsing_version_view.version', '=', 'parsing_script_view.version_in_force'),
      )
      .leftJoin('parsing_version_view as canary', (join) =>
        join
          .onRef('canary.product_key', '=', 'parsing_script_view.product_key')
          .onRef('canary.version', '=', 'parsing_script_view.canary_version'),
      )
      .select(['gateway_view.gateway_id', 'gateway_view.parsing_enabled', 'gateway_view.on_parsing_failure'])
      .select('canary_percent')
      .select(['parsing_version_view.version', 'parsing_version_view.language', 'parsing_version_view.code'])
      .select([
        'canary.version as canary_version',
        'canary.language as canary_language',
        'canary.code as canary_code',
      ])
      .where('gateway_view.product_key', '=', productKey)
      .executeTakeFirst();
    if (row === undefined) return null;
    const { gateway_id: gatewayId, parsing_enabled: enabled, canary_percent: percent } = row;
    const script = await this.#scriptOf(row.version, row.language, row.code);
    const canary = await this.#scriptOf(row.canary_version, row.canary_language, row.canary_code);
    return {
      productKey,
      gatewayId,
      enabled,
      onFailure: row.on_parsing_failure,
      script,
      ...(canary === null || percent === null ? {} : { canary: { ...canary, percent } }),
    };
  }

  async #scriptOf(
    version: number | null,
    language: ParsingDraftInput['language'] | null,
    code: string | null,
  ): Promise<ProductParsing['script']> {
    if (version === null || language === null || code === null) return null;
    return { version, language, code: await this.compiler.submittedCode({ language, code }) };
  }
}

function viewOf(row: {
  product_key: string;
  version: number;
  language: ScriptLanguage;
  code: string;
  submitted_at: Date;
  submitted_by: string;
  version_in_force: number;
  canary_version: number | null;
  canary_percent: number | null;
}): ParsingVersionView {
  return {
    productKey: row.product_key,
    version: row.version,
    language: row.language,
    code: row.code,
    submittedAt: row.submitted_at.toISOString(),
    submittedBy: row.submitted_by,
    isInForce: row.version === row.version_in_force,
    canaryPercent: row.version === row.canary_version ? row.canary_percent : null,
  };
}
