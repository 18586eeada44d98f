import { freePort, startPostgresCluster, type PostgresCluster } from '@gatehouse/local-servers';
import pg from 'pg';
import { DatabaseUnreachable } from './local.failures.ts';

const DATABASE = 'gatehouse';
const CONNECT_TIMEOUT_MS = 4_000;
/** `xid8` and `pg_current_snapshot()`, which reading the event log without gaps needs, came with it. */
const OLDEST_VERSION = 130_000;

export interface LocalPostgres {
  /** Also starts it again, on the same port, after it died. */
  start(): Promise<PostgresCluster>;
  databaseUrl(cluster: PostgresCluster): string;
}

/** An embedded PostgreSQL in `directory` with the database `gatehouse`; not running yet. */
export async function localPostgres(
  directory: string,
  onLine: (line: string) => void,
): Promise<LocalPostgres> {
  const port = await freePort();
  return {
    async start() {
      const cluster = await startPostgresCluster({ directory, port, onLine });
      await createDatabase(cluster.url);
      return cluster;
    },
    databaseUrl: (cluster) => cluster.urlOf(DATABASE),
  };
}

async function createDatabase(maintenanceUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: maintenanceUrl });
  await client.connect();
  try {
    const found = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** @throws {DatabaseUnreachable} it does not answer within seconds, or is too old */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number; text: string }>(
      `select current_setting('server_version_num')::int as version, current_setting('server_version') as text`,
    );
    const found = rows[0];
    if (found !== undefined && found.version < OLDEST_VERSION) {
      throw new Error(`it is PostgreSQL ${found.text}, and Gatehouse needs 13 or newer`);
    }
  } catch (error) {
    throw new DatabaseUnreachable(addressOf(url), reasonOf(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? 5_432 : port}${pathname}`;
}

/** Several addresses of a host that all refuse make an error without words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ');
  return error instanceof Error ? error.message : String(error);
}
