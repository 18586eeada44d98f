import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import type { RegistryDb } from '../schema/registry-database.ts';
import { ShadowBuild } from './shadow-build.ts';
import {
  createShadows,
  dropShadows,
  finishShadows,
  swapShadows,
  useShadows,
  viewTables,
  withoutTimeout,
} from './shadow-views.ts';
import { differencesOf, type ViewDifference } from './view-differences.ts';
import { RebuildHeldUp } from './views.failures.ts';

export interface RebuildOptions {
  /** Told after each batch how many events have been read so far. */
  readonly onProgress?: (events: number) => void;
}

/** Shorter than PostgreSQL's deadlock_timeout: when a writer and the swap wait for each other, the swap gives way. */
const LOCK_TIMEOUT_MS = 300;
/** Events that may be left when everybody is made to wait; some hundred milliseconds. */
const MOST_UNDER_LOCK = 2_000;
const SWAP_ATTEMPTS = 60;
const SWAP_PAUSE_MS = 500;

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Makes every view anew from the log, beside the ones in use, which are read and written all the while; in the
 * end the new ones take their place in one short transaction.
 *
 * @returns how many events were read before the swap
 * @throws {RebuildHeldUp} when no moment for the swap was found; nothing was changed
 */
export async function rebuildViews(
  db: RegistryDb,
  { onProgress = () => undefined }: RebuildOptions = {},
): Promise<number> {
  const tables = await viewTables(db);
  const build = new ShadowBuild(db, onProgress);
  try {
    await createShadows(db, tables);
    await build.catchUp();
    await finishShadows(db, tables);
    await swapWhenPossible(db, tables, build);
  } finally {
    await dropShadows(db);
  }
  return build.events;
}

/**
 * Makes the views anew and compares them with the ones in use, as one moment saw both; nobody waits for it.
 *
 * @returns one entry a view, in the order of their names
 */
export async function verifyViews(
  db: RegistryDb,
  { onProgress = () => undefined }: RebuildOptions = {},
): Promise<ViewDifference[]> {
  const tables = await viewTables(db);
  const build = new ShadowBuild(db, onProgress);
  try {
    await createShadows(db, tables);
    await build.catchUp();
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => {
        await withoutTimeout(transaction);
        const schema = await currentSchema(transaction);
        await useShadows(transaction);
        await build.finish(transaction, Number.POSITIVE_INFINITY);
        return differencesOf(transaction, schema, tables);
      });
  } finally {
    await dropShadows(db);
  }
}

async function swapWhenPossible(
  db: RegistryDb,
  tables: readonly string[],
  build: ShadowBuild,
): Promise<void> {
  let reason = '';
  for (let attempt = 1; attempt <= SWAP_ATTEMPTS; attempt += 1) {
    await build.catchUp();
    try {
      if (await swap(db, tables, build)) return;
      reason = 'a transaction that is open elsewhere holds readers of the log back';
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
      reason = 'a query or a transaction that goes on for long holds the views';
    }
    await wait(SWAP_PAUSE_MS * (0.5 + Math.random()));
  }
  throw new RebuildHeldUp(reason);
}

/** @returns false when too much is left to do while everybody waits */
async function swap(db: RegistryDb, tables: readonly string[], build: ShadowBuild): Promise<boolean> {
  return db
    .transaction()
    .execute(async (transaction) => {
      await withoutTimeout(transaction);
      await sql`select set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`.execute(transaction);
      const schema = await currentSchema(transaction);
      const names = sql.join(tables.map((table) => sql.id(schema, table)));
      // Commands read views before they append, nearly all of them: in this order few are in the way.
      await sql`lock table ${names} in access exclusive mode`.execute(transaction);
      await sql`lock table event in exclusive mode`.execute(transaction);
      await useShadows(transaction);
      if (!(await build.finish(transaction, MOST_UNDER_LOCK))) throw new TooMuchLeft();
      await swapShadows(transaction, schema, tables);
      return true;
    })
    .catch((error: unknown) => {
      if (error instanceof TooMuchLeft) return false;
      throw error;
    });
}

/** Rolls the swap back. */
class TooMuchLeft extends Error {}

async function currentSchema(db: RegistryDb): Promise<string> {
  const { rows } = await sql<{ schema: string }>`select current_schema()::text as schema`.execute(db);
  return rows[0]?.schema ?? 'public';
}
