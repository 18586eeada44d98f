import type { Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { eventLog } from './migrations/0001-event-log.ts';
import { gateways } from './migrations/0002-gateways.ts';
import { devices } from './migrations/0003-devices.ts';
import { parsingScripts } from './migrations/0004-parsing-scripts.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { apiKeys } from './migrations/0005-api-keys.ts';
import { gatewaySettings } from './migrations/0006-gateway-settings.ts';
import { deviceImports } from './migrations/0007-device-imports.ts';
import { auditIndexes } from './migrations/0008-audit-indexes.ts';
import { edgeEventIndex } from './migrations/0009-edge-event-index.ts';
import { admission } from './migrations/0010-admission.ts';
import { certificates } from './migrations/0011-certificates.ts';
import { authorities } from './migrations/0013-authorities.ts';
import { parsingCanary } from './migrations/0015-parsing-canary.ts';
import { parsingFailures } from './migrations/0016-parsing-failures.ts';
import { credentialVersion } from './migrations/0017-credential-version.ts';

/** In this order, each once; what has been released is never edited. */
const migrations = (sealer: SecretSealer): Record<string, Migration> => ({
  '0001-event-log': eventLog,
  '0002-gateways': gateways,
  '0003-devices': devices,
  '0004-parsing-scripts': parsingScripts,
  '0005-api-keys': apiKeys,
  '0006-gateway-settings': gatewaySettings,
  '0007-device-imports': deviceImports(sealer),
  '0008-audit-indexes': auditIndexes,
  '0009-edge-event-index': edgeEventIndex,
  '0010-admission': admission,
  '0011-certificates': certificates,
  '0013-authorities': authorities,
  '0015-parsing-canary': parsingCanary,
  '0016-parsing-failures': parsingFailures,
  '0017-credential-version': credentialVersion,
});

/**
 * Brings the database's schema up to date; safe to call from many processes at once, because the migrator
 * holds an advisory lock while it works.
 */
export async function migrateRegistry<Tables>(db: Kysely<Tables>, sealer: SecretSealer): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(sealer) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  throw error instanceof Error
    ? error
    : new Error('the schema could not be brought up to date', { cause: error });
}
