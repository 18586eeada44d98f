import pg from 'pg';

/**
 * Keeps from readers of the log what is appended from now on, as a long transaction does, until it is disposed of.
 *
 * @param databaseUrl where the transaction is
 */
export async function holdBackLog(databaseUrl: string): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('begin; select pg_current_xact_id()');
  return {
    async [Symbol.asyncDispose]() {
      await client.query('commit');
      await client.end();
    },
  };
}
