import {
  MAX_SCRIPT_BYTES,
  parsingDraftView,
  parsingVersionView,
  type ParsingDraftInput,
  type ParsingDraftView,
  type ParsingVersionView,
} from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import { sql } from 'kysely';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { ProductNotFound } from '../product/product.failures.ts';
import { requireProduct } from '../product/require-product.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { parsingScriptStream } from '../stream-names.ts';
import type { ParsingScriptQueries } from './parsing-script-views.queries.ts';
import {
  parsingScriptDecider,
  type ParsingScriptCommand,
  type ParsingScriptState,
} from './parsing-script.decider.ts';
import {
  DraftNotFound,
  ScriptEmpty,
  ScriptSyntaxInvalid,
  ScriptTooLarge,
} from './parsing-script.failures.ts';
import type { ScriptCompiler } from './script-compiler.ts';
import type { SyntaxProblem } from './type-stripping.ts';

/** A draft, and what a compiler has against it. */
interface CheckedDraft extends ParsingDraftInput {
  readonly problem: SyntaxProblem | undefined;
}

export class ParsingScriptCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: ParsingScriptQueries,
    private readonly compiler: ScriptCompiler,
  ) {}

  /** @throws {ProductNotFound | ScriptTooLarge} */
  async putDraft(
    productKey: string,
    draft: ParsingDraftInput,
    context: CommandContext,
  ): Promise<ParsingDraftView> {
    const bytes = Buffer.byteLength(draft.code);
    if (bytes > MAX_SCRIPT_BYTES) throw new ScriptTooLarge(bytes, MAX_SCRIPT_BYTES);
    const description = { name: 'PutParsingDraft', input: { productKey, draft }, answer: parsingDraftView };
    return this.transactions.run(description, context, async ({ db }) => {
      await requireProduct(db, productKey);
      const saved = { language: draft.language, code: draft.code, saved_by: context.actor };
      await db
        .insertInto('parsing_draft')
        .values({ product_key: productKey, ...saved })
        .onConflict((conflict) =>
          conflict.column('product_key').doUpdateSet({ ...saved, saved_at: sql<Date>`now()` }),
        )
        .execute();
      return this.queries.draft(productKey, db);
    });
  }

  /** Deleting a draft that is not there changes nothing. @throws {ProductNotFound} */
  async deleteDraft(productKey: string, context: CommandContext): Promise<void> {
    const description = { name: 'DeleteParsingDraft', input: { productKey }, answer: z.null() };
    await this.transactions.run(description, context, async ({ db }) => {
      await requireProduct(db, productKey);
      await db.deleteFrom('parsing_draft').where('product_key', '=', productKey).execute();
      return null;
    });
  }

  /**
   * The draft becomes the next version and comes into force for all devices, or for a share of them as the canary,
   * and stays as the draft of the version after it. A draft that is in force already makes no new version.
   *
   * @param canaryPercent 1 to 99; undefined: for all devices, which ends a canary
   * @throws {ProductNotFound | DraftNotFound | ScriptEmpty | ScriptSyntaxInvalid | CanaryWithoutVersion}
   * @throws {ScriptCompilerBusy}
   */
  async submit(
    productKey: string,
    context: CommandContext,
    canaryPercent?: number,
  ): Promise<ParsingVersionView> {
    const input = canaryPercent === undefined ? { productKey } : { productKey, canaryPercent };
    const description = { name: 'SubmitParsingScript', input, answer: parsingVersionView };
    // No transaction waits for a compiler, unless the draft is changed at this very moment.
    const checked = await this.#checkedDraft(productKey);
    return this.transactions.run(description, context, async (attempt) => {
      await requireProduct(attempt.db, productKey);
      const { language, code } = await this.queries.draft(productKey, attempt.db);
      if (code.trim() === '') throw new ScriptEmpty(productKey);
      const isChecked = language === checked?.language && code === checked.code;
      const problem = isChecked ? checked.problem : await this.compiler.problemOf({ language, code });
      if (problem !== undefined) throw new ScriptSyntaxInvalid(problem);
      const sameAs = await this.queries.sameAs(productKey, { language, code }, attempt.db);
      const { versionInForce, canary } = await decideOnScript(attempt, {
        type: 'SubmitParsingScript',
        productKey,
        language,
        code,
        sameAs,
        canaryPercent,
      });
      const isCanary = canaryPercent !== undefined && !sameAs.versionInForce;
      const version = isCanary ? (canary?.version ?? versionInForce) : versionInForce;
      return this.queries.version(productKey, version, attempt.db);
    });
  }

  /** The canary parses another share of the devices. @throws {ProductNotFound | CanaryNotFound} */
  resizeCanary(productKey: string, percent: number, context: CommandContext): Promise<ParsingVersionView> {
    return this.#onCanary({ type: 'ResizeParsingCanary', productKey, percent }, context);
  }

  /** The canary comes into force for all devices. @throws {ProductNotFound | CanaryNotFound} */
  promoteCanary(productKey: string, context: CommandContext): Promise<ParsingVersionView> {
    return this.#onCanary({ type: 'PromoteParsingCanary', productKey }, context);
  }

  /** The version in force parses all devices again. Nothing changes without a canary. @throws {ProductNotFound} */
  async endCanary(productKey: string, context: CommandContext): Promise<void> {
    const description = { name: 'EndParsingCanary', input: { productKey }, answer: z.null() };
    await this.transactions.run(description, context, async (attempt) => {
      await requireProduct(attempt.db, productKey);
      await decideOnScript(attempt, { type: 'EndParsingCanary', productKey });
      return null;
    });
  }

  /**
   * An earlier version comes into force again, under its own number.
   *
   * @throws {ProductNotFound | ScriptVersionNotFound}
   */
  async restore(productKey: string, version: number, context: CommandContext): Promise<ParsingVersionView> {
    const input = { productKey, version };
    const description = { name: 'RestoreParsingScript', input, answer: parsingVersionView };
    return this.transactions.run(description, context, async (attempt) => {
      await requireProduct(attempt.db, productKey);
      await decideOnScript(attempt, { type: 'RestoreParsingScript', productKey, version });
      return this.queries.version(productKey, version, attempt.db);
    });
  }

  /** Undefined without a draft. */
  async #checkedDraft(productKey: string): Promise<CheckedDraft | undefined> {
    try {
      const { language, code } = await this.queries.draft(productKey);
      return { language, code, problem: await this.compiler.problemOf({ language, code }) };
    } catch (error) {
      if (error instanceof DraftNotFound || error instanceof ProductNotFound) return undefined;
      throw error;
    }
  }

  async #onCanary(
    command: Extract<ParsingScriptCommand, { type: 'ResizeParsingCanary' | 'PromoteParsingCanary' }>,
    context: CommandContext,
  ): Promise<ParsingVersionView> {
    const { type: name, productKey } = command;
    const description = { name, input: command, answer: parsingVersionView };
    return this.transactions.run(description, context, async (attempt) => {
      await requireProduct(attempt.db, productKey);
      const { versionInForce, canary } = await decideOnScript(attempt, command);
      return this.queries.version(productKey, canary?.version ?? versionInForce, attempt.db);
    });
  }
}

/** @returns the state after the decision */
async function decideOnScript(
  attempt: CommandAttempt,
  command: ParsingScriptCommand,
): Promise<ParsingScriptState> {
  const { state, version } = await loadScriptState(attempt.db, command.productKey);
  const events = parsingScriptDecider.decide(command, state);
  const streamId = parsingScriptStream(command.productKey);
  await attempt.append({ streamId, expectedVersion: version, events });
  return fold(parsingScriptDecider, events, state);
}

/** The row holds the state: the stream holds the code of every version, which no decision needs. */
async function loadScriptState(
  db: RegistryTransaction,
  productKey: string,
): Promise<{ state: ParsingScriptState; version: number }> {
  const row = await db
    .selectFrom('parsing_script_view')
    .selectAll()
    .where('product_key', '=', productKey)
    .executeTakeFirst();
  if (row === undefined) return { state: parsingScriptDecider.initialState, version: 0 };
  return {
    state: {
      newestVersion: row.newest_version,
      versionInForce: row.version_in_force,
      canary:
        row.canary_version === null || row.canary_percent === null
          ? null
          : { version: row.canary_version, percent: row.canary_percent },
    },
    version: row.stream_version,
  };
}
