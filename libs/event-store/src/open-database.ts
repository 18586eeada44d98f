import { Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import pg from 'pg';
import { DatabaseUnavailable } from './event-store.failures.ts';
import { spanOfQuery } from './query-span.ts';

export interface DatabaseOptions {
  readonly connectionString: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly poolSize: number;
  /** A connection that the server or the network ended, or that could not be had. */
  readonly onError: (error: Error) => void;
  /** A new connection was made. */
  readonly onConnect?: () => void;
  readonly statementTimeoutMs?: number;
  /** A transaction left open holds back every reader of the log. */
  readonly idleInTransactionTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

export interface OpenDatabase<Tables> extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  readonly pool: pg.Pool;
}

/** A pool of connections; each query is a span, and no connection to be had is {@link DatabaseUnavailable}. */
export function openDatabase<Tables>(options: DatabaseOptions): OpenDatabase<Tables> {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName,
    max: options.poolSize,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 10_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
  });
  // The pool listens to connections while they are idle only; one that ends in use must not end the process.
  pool.on('connect', (client) => {
    client.on('error', options.onError);
    options.onConnect?.();
  });
  pool.on('error', () => undefined);
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: withFailures(pool, options.onError) }),
    log: spanOfQuery,
  });
  return { db, pool, [Symbol.asyncDispose]: () => db.destroy() };
}

function withFailures(pool: pg.Pool, onError: (error: Error) => void): PostgresPool {
  return {
    connect: async () => {
      try {
        return await pool.connect();
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
        throw new DatabaseUnavailable(error);
      }
    },
    end: () => pool.end(),
    options: pool.options,
  };
}
