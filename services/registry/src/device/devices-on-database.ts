import type { CommandTransactions } from '../commands/command-transactions.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { CredentialQueries } from './credentials.queries.ts';
import { DeviceCommands } from './device-commands.ts';
import { DeviceImporter } from './device-importer.ts';
import { DeviceImports } from './device-imports.ts';
import { DeviceImportQueries } from './device-imports.queries.ts';
import { DeviceSecrets } from './device-secrets.ts';
import { DeviceQueries } from './device-views.queries.ts';
import { PresenceRecorder } from './presence-recorder.ts';

interface DevicesParts {
  readonly db: RegistryDb;
  readonly transactions: CommandTransactions;
  readonly sealer: SecretSealer;
}

/** All of devices without Nest: part of what `openDomain` opens for integration tests. */
export function devicesOn({ db, transactions, sealer }: DevicesParts) {
  const devices = new DeviceQueries(db);
  const secrets = new DeviceSecrets(sealer);
  const imports = new DeviceImports(db);
  const importer = new DeviceImporter({ db, transactions, imports, secrets, passwordCost: 16 });
  return {
    devices,
    credentials: new CredentialQueries(db, secrets),
    imports: new DeviceImportQueries(db),
    deviceCommands: new DeviceCommands({
      transactions,
      queries: devices,
      secrets,
      importer,
      presence: new PresenceRecorder(transactions),
    }),
  };
}
