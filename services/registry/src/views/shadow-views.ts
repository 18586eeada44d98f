import { sql } from 'kysely';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';

/** Where new views are made; whatever is in it is thrown away. */
export const SHADOW_SCHEMA = 'gatehouse_rebuild';
const FORMER_SCHEMA = 'gatehouse_before_rebuild';

interface StatementOfTable {
  readonly table_name: string;
  readonly statement: string;
}

/** Tables that the log makes: all whose name ends with `_view`. */
export async function viewTables(db: RegistryDb): Promise<string[]> {
  const { rows } = await sql<{ table_name: string }>`
    select tablename::text as table_name from pg_tables
    where schemaname = current_schema() and tablename like '%\\_view' order by tablename`.execute(db);
  return rows.map(({ table_name }) => table_name);
}

/**
 * Empty copies of the views. They have their primary keys, which projections need; the other indexes come when
 * the rows are there ({@link finishShadows}): that is faster, and events of different streams that were committed
 * at the same moment may not fit a unique index in the order of the log.
 */
export async function createShadows(db: RegistryDb, tables: readonly string[]): Promise<void> {
  await dropShadows(db);
  await sql`create schema ${sql.id(SHADOW_SCHEMA)}`.execute(db);
  for (const table of tables) {
    await sql`
      create table ${sql.id(SHADOW_SCHEMA, table)}
      (like ${sql.id(table)} including defaults including generated including constraints including storage)`.execute(
      db,
    );
  }
  for (const { statement } of await constraintStatements(db, tables, 'p')) {
    await sql.raw(statement).execute(db);
  }
}

/** Adds the indexes under the names that the views have: code knows constraints by their names. */
export async function finishShadows(db: RegistryDb, tables: readonly string[]): Promise<void> {
  const statements = [
    ...(await constraintStatements(db, tables, 'u')),
    ...(await indexStatements(db, tables)),
  ];
  for (const { statement } of statements) {
    await db.transaction().execute(async (transaction) => {
      await withoutTimeout(transaction);
      await sql.raw(statement).execute(transaction);
    });
  }
  for (const table of tables) await sql`analyze ${sql.id(SHADOW_SCHEMA, table)}`.execute(db);
}

/** In this transaction the names of views mean the shadows. */
export async function useShadows(transaction: RegistryTransaction): Promise<void> {
  await sql`select set_config('search_path', ${SHADOW_SCHEMA} || ',' || current_schema(), true)`.execute(
    transaction,
  );
}

/** The shadows take the place of the views, which the caller has locked. */
export async function swapShadows(
  transaction: RegistryTransaction,
  schema: string,
  tables: readonly string[],
): Promise<void> {
  await sql`create schema ${sql.id(FORMER_SCHEMA)}`.execute(transaction);
  for (const table of tables) {
    await sql`alter table ${sql.id(schema, table)} set schema ${sql.id(FORMER_SCHEMA)}`.execute(transaction);
    await sql`alter table ${sql.id(SHADOW_SCHEMA, table)} set schema ${sql.id(schema)}`.execute(transaction);
  }
  await dropShadows(transaction);
}

export async function dropShadows(db: RegistryDb): Promise<void> {
  for (const schema of [FORMER_SCHEMA, SHADOW_SCHEMA]) {
    await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(db);
  }
}

export async function withoutTimeout(transaction: RegistryTransaction): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(transaction);
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(transaction);
}

/** @param kind `p` for primary keys, `u` for unique constraints */
async function constraintStatements(
  db: RegistryDb,
  tables: readonly string[],
  kind: 'p' | 'u',
): Promise<StatementOfTable[]> {
  const { rows } = await sql<StatementOfTable>`
    select relname::text as table_name, format('alter table %I.%I add constraint %I %s',
      ${SHADOW_SCHEMA}::text, relname, conname, pg_get_constraintdef(pg_constraint.oid)) as statement
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where relnamespace = current_schema()::regnamespace and contype = ${kind}
      and relname = any(${tables}::text[])
    order by conname`.execute(db);
  return rows;
}

/** Of indexes that no constraint made. */
async function indexStatements(db: RegistryDb, tables: readonly string[]): Promise<StatementOfTable[]> {
  const { rows } = await sql<StatementOfTable>`
    select relname::text as table_name,
      replace(pg_get_indexdef(indexrelid), format(' ON %I.%I USING ', current_schema(), relname),
        format(' ON %I.%I USING ', ${SHADOW_SCHEMA}::text, relname)) as statement
    from pg_index join pg_class on pg_class.oid = indrelid
    where relnamespace = current_schema()::regnamespace and relname = any(${tables}::text[])
      and not exists (select from pg_constraint where conindid = indexrelid)
    order by indexrelid`.execute(db);
  return rows;
}
