import { sql } from 'kysely';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { SHADOW_SCHEMA } from './shadow-views.ts';

/** How a view differs from what the log makes. */
export interface ViewDifference {
  readonly view: string;
  readonly rows: number;
  /** Rows of the view that the log does not make, with those of other content. */
  readonly unexplained: number;
  /** Rows that the log makes and the view does not have, with those of other content. */
  readonly missing: number;
  /** Up to five of either as JSON, for a person to look at. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 5;

/** @param schema of the views in use */
export async function differencesOf(
  transaction: RegistryTransaction,
  schema: string,
  tables: readonly string[],
): Promise<ViewDifference[]> {
  const found: ViewDifference[] = [];
  for (const table of tables) found.push(await differenceOf(transaction, schema, table));
  return found;
}

async function differenceOf(
  transaction: RegistryTransaction,
  schema: string,
  table: string,
): Promise<ViewDifference> {
  const used = sql.id(schema, table);
  const made = sql.id(SHADOW_SCHEMA, table);
  const { rows: counted } = await sql<{ rows: string }>`
    select count(*)::text as rows from ${used}`.execute(transaction);
  const { rows } = await sql<{ unexplained: string; missing: string; examples: string[] | null }>`
    with unexplained as (select * from ${used} except all select * from ${made}),
      missing as (select * from ${made} except all select * from ${used})
    select (select count(*) from unexplained)::text as unexplained,
      (select count(*) from missing)::text as missing,
      (select array_agg(example) from (
        (select 'view: ' || to_jsonb(unexplained)::text as example from unexplained limit ${MOST_EXAMPLES})
        union all
        (select 'log: ' || to_jsonb(missing)::text from missing limit ${MOST_EXAMPLES})
      ) as examples) as examples`.execute(transaction);
  const [difference] = rows;
  return {
    view: table,
    rows: Number(counted[0]?.rows ?? 0),
    unexplained: Number(difference?.unexplained ?? 0),
    missing: Number(difference?.missing ?? 0),
    examples: difference?.examples ?? [],
  };
}
