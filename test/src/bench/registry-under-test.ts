import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startPostgresCluster } from '@gatehouse/local-servers';
import { createCertificateAuthority } from '@gatehouse/pki';
import pg from 'pg';
import { z } from 'zod';
import { RunningGatehouse } from '../running-gatehouse.ts';
import type { Measured } from './process-usage.ts';

const DATABASE = 'registry_bench';
const SERVICES = ['registry', 'nats', 'auth', 'edge', 'parser', 'ocsp'] as const;
const created = z.object({ productKey: z.string() });

/** All of Gatehouse on a PostgreSQL with its default settings, and a way to that database beside it. */
export class RegistryUnderTest implements AsyncDisposable {
  private constructor(
    private readonly parts: {
      readonly gatehouse: RunningGatehouse;
      readonly database: pg.Pool;
      readonly postgresPid: number;
      readonly apiKey: string;
      /** For commands that run beside the services. */
      readonly environment: Readonly<Record<string, string>>;
    },
    private readonly servers: AsyncDisposableStack,
  ) {}

  get database(): pg.Pool {
    return this.parts.database;
  }

  get commandEnvironment(): Readonly<Record<string, string>> {
    return this.parts.environment;
  }

  /** Those whose CPU time counts. */
  async processes(): Promise<Measured[]> {
    const { gatehouse, postgresPid } = this.parts;
    const services = SERVICES.map(async (name) => ({ name, pids: await gatehouse.pidsOf(name) }));
    return [{ name: 'postgres', pids: [postgresPid] }, ...(await Promise.all(services))];
  }

  static async start(): Promise<RegistryUnderTest> {
    await using servers = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-registry-bench-'));
    servers.defer(() => rm(directory, { recursive: true, force: true }));
    const cluster = servers.use(await startPostgresCluster({ directory }));
    const maintenance = new pg.Client({ connectionString: cluster.url });
    await maintenance.connect();
    await maintenance.query(`create database ${DATABASE}`);
    await maintenance.end();
    const url = cluster.urlOf(DATABASE);
    const database = new pg.Pool({ connectionString: url, max: 10 });
    database.on('error', () => undefined);
    servers.defer(() => database.end());
    const gatehouse = servers.use(await RunningGatehouse.start({ environment: { DATABASE_URL: url } }));
    const secret = async (...path: string[]): Promise<string> =>
      (await readFile(join(gatehouse.dataDirectory, ...path), 'utf8')).trim();
    const apiKey = await secret('demo', 'api-key');
    const environment = { DATABASE_URL: url, GATEHOUSE_MASTER_KEY: await secret('master-key') };
    return new RegistryUnderTest(
      { gatehouse, database, apiKey, environment, postgresPid: cluster.pid },
      servers.move(),
    );
  }

  /** Calls the API and reads the answer to its end; throws unless it succeeds. */
  async call(method: string, path: string, body?: unknown): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.parts.gatehouse.httpPort}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.parts.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 1_000)}`);
    return text;
  }

  /** A gateway of its own; its product. */
  async newProduct(name: string): Promise<string> {
    const authority = await createCertificateAuthority();
    const server = await authority.issueServerCertificate({ commonName: 'localhost' });
    const text = await this.call('POST', '/gateways', {
      name,
      port: await freePort(),
      certificates: { serverCertificate: server.certificatePem, serverPrivateKey: server.privateKeyPem },
    });
    return created.parse(JSON.parse(text)).productKey;
  }

  /** The columns of a table that can be written, as a list for SQL. */
  async columnsOf(table: string): Promise<string> {
    const { rows } = await this.database.query<{ columns: string }>(
      `select string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
       from information_schema.columns
       where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
      [table],
    );
    return rows[0]?.columns ?? '';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.servers.disposeAsync();
  }
}
