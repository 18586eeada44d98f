import { AppendAnnouncer, openDatabase, type OpenDatabase } from '@gatehouse/event-store';
import { CommandTransactions } from './commands/command-transactions.ts';
import { CredentialQueries } from './device/credentials.queries.ts';
import { DeviceCommands } from './device/device-commands.ts';
import { DeviceImporter } from './device/device-importer.ts';
import { DeviceImports } from './device/device-imports.ts';
import { DeviceImportQueries } from './device/device-imports.queries.ts';
import { DeviceSecrets } from './device/device-secrets.ts';
import { DeviceQueries } from './device/device-views.queries.ts';
import { PresenceRecorder } from './device/presence-recorder.ts';
import { CertificateCommands } from './gateway/certificate-commands.ts';
import { GatewayCertificateQueries } from './gateway/gateway-certificates.queries.ts';
import { GatewayCommands, type Clock } from './gateway/gateway-commands.ts';
import { GatewaySecrets } from './gateway/gateway-secrets.ts';
import { GatewayQueries } from './gateway/gateway-views.queries.ts';
import { ListenerQueries } from './gateway/listeners.queries.ts';
import { ParsingScriptCommands } from './parsing-script/parsing-script-commands.ts';
import {
  ParsingScriptQueries,
  ProductParsingQueries,
} from './parsing-script/parsing-script-views.queries.ts';
import { ProductQueries } from './product/product-views.queries.ts';
import { migrateRegistry } from './schema/migrate-registry.ts';
import type { RegistryDatabase } from './schema/registry-database.ts';
import { SecretSealer } from './secrets/sealed-secret.ts';

export interface DomainOptions {
  readonly url: string;
  /** 64 hexadecimal characters. */
  readonly masterKey: string;
  readonly clock?: Clock;
}

/** The registry's inside without Nest and NATS, on a database that is migrated first: for integration tests. */
export async function openDomain({ url, masterKey, clock = () => new Date() }: DomainOptions) {
  const database: OpenDatabase<RegistryDatabase> = openDatabase({
    connectionString: url,
    applicationName: 'registry-domain-test',
    poolSize: 8,
    onError: () => undefined,
  });
  const { db } = database;
  const sealer = new SecretSealer(masterKey);
  await migrateRegistry(db, sealer);
  const transactions = new CommandTransactions(db, new AppendAnnouncer(db), sealer);
  const gateways = new GatewayQueries(db, 'localhost', clock);
  const gatewaySecrets = new GatewaySecrets(sealer);
  const gatewayCertificates = new GatewayCertificateQueries(db);
  const devices = new DeviceQueries(db);
  const secrets = new DeviceSecrets(sealer);
  const imports = new DeviceImports(db);
  const importer = new DeviceImporter({ db, transactions, imports, secrets, passwordCost: 16 });
  const scripts = new ParsingScriptQueries(db);
  return {
    db,
    sealer,
    transactions,
    gateways,
    gatewayCertificates,
    devices,
    scripts,
    products: new ProductQueries(db),
    credentials: new CredentialQueries(db, secrets),
    listeners: new ListenerQueries(db, sealer),
    productParsing: new ProductParsingQueries(db),
    gatewayCommands: new GatewayCommands(transactions, gateways, gatewaySecrets, clock),
    certificateCommands: new CertificateCommands(transactions, gatewayCertificates, gatewaySecrets, clock),
    imports: new DeviceImportQueries(db),
    deviceCommands: new DeviceCommands({
      transactions,
      queries: devices,
      secrets,
      importer,
      presence: new PresenceRecorder(transactions),
    }),
    scriptCommands: new ParsingScriptCommands(transactions, scripts),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export type RegistryDomain = Awaited<ReturnType<typeof openDomain>>;
