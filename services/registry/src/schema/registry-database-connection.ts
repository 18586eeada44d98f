import { EventNotifications, openDatabase, type OpenDatabase } from '@gatehouse/event-store';
import type { HealthProbe } from '@gatehouse/nest';
import { OutageLog, type Logger } from '@gatehouse/observability';
import { sql } from 'kysely';
import type { RegistryConfig } from '../registry.config.ts';
import type { RegistryDatabase } from './registry-database.ts';

/** The registry's connections to PostgreSQL; closed when the service has stopped. */
export class RegistryDatabaseConnection implements HealthProbe {
  readonly name = 'postgres';

  constructor(
    readonly database: OpenDatabase<RegistryDatabase>,
    readonly notifications: EventNotifications,
  ) {}

  /** Opens without connecting: the service starts, and says so in /readyz, while the database is away. */
  static open(config: RegistryConfig, logger: Logger): RegistryDatabaseConnection {
    const outage = new OutageLog(logger, {
      failing: 'connections to the database fail',
      mended: 'the database is connected again',
    });
    const database = openDatabase<RegistryDatabase>({
      connectionString: config.DATABASE_URL,
      applicationName: 'gatehouse-registry',
      poolSize: config.DATABASE_POOL_SIZE,
      onError: (error) => outage.failed(error),
      onConnect: () => outage.succeeded(),
    });
    return new RegistryDatabaseConnection(database, new EventNotifications(config.DATABASE_URL));
  }

  async check(): Promise<void> {
    await sql`select 1`.execute(this.database.db);
  }

  /** Called by Nest when everything that uses the database has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.notifications[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
