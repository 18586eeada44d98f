import { AppendAnnouncer, openDatabase, type OpenDatabase } from '@gatehouse/event-store';
import { authoritiesOn } from './authority/authorities-on-database.ts';
import { CommandTransactions } from './commands/command-transactions.ts';
import { devicesOn } from './device/devices-on-database.ts';
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
import { ScriptCompiler } from './parsing-script/script-compiler.ts';
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
  const scripts = new ParsingScriptQueries(db);
  const compiler = new ScriptCompiler();
  return {
    db,
    sealer,
    transactions,
    gateways,
    gatewayCertificates,
    scripts,
    products: new ProductQueries(db),
    listeners: new ListenerQueries(db, sealer),
    productParsing: new ProductParsingQueries(db, compiler),
    gatewayCommands: new GatewayCommands(transactions, gateways, gatewaySecrets, clock),
    certificateCommands: new CertificateCommands(transactions, gatewayCertificates, gatewaySecrets, clock),
    ...authoritiesOn({ db, transactions, sealer, clock }),
    ...devicesOn({ db, transactions, sealer }),
    scriptCommands: new ParsingScriptCommands(transactions, scripts, compiler),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export type RegistryDomain = Awaited<ReturnType<typeof openDomain>>;
