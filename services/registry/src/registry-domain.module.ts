import { AppendAnnouncer, EventNotifications } from '@gatehouse/event-store';
import { key, LOGGER, provide, provideMade } from '@gatehouse/nest';
import type { Pool } from 'pg';
import { AuthorityCommands } from './authority/authority-commands.ts';
import { AuthoritySecrets } from './authority/authority-secrets.ts';
import { AuthorityUrls } from './authority/authority-urls.ts';
import { AuthorityQueries } from './authority/authority-views.queries.ts';
import { ListSigner } from './authority/list-signer.ts';
import { OcspAnswers } from './authority/ocsp-answers.ts';
import { ResponderController } from './authority/responder.controller.ts';
import { RevocationLists } from './authority/revocation-lists.ts';
import { CommandTransactions } from './commands/command-transactions.ts';
import { CredentialsController } from './device/credentials.controller.ts';
import { CredentialQueries } from './device/credentials.queries.ts';
import { DeviceCommands } from './device/device-commands.ts';
import { DeviceCreation } from './device/device-creation.ts';
import { DeviceCreationController } from './device/device-creation.controller.ts';
import { DeviceImporter } from './device/device-importer.ts';
import { DeviceImports } from './device/device-imports.ts';
import { DeviceImportQueries } from './device/device-imports.queries.ts';
import { DeviceSecrets } from './device/device-secrets.ts';
import { DeviceQueries } from './device/device-views.queries.ts';
import { PresenceRecorder } from './device/presence-recorder.ts';
import { GatewayAdmissionController } from './gateway/gateway-admission.controller.ts';
import { GatewayAdmissionQueries } from './gateway/gateway-admission.queries.ts';
import { CertificateCommands } from './gateway/certificate-commands.ts';
import { GatewayCertificateQueries } from './gateway/gateway-certificates.queries.ts';
import { GatewayCommands, type Clock } from './gateway/gateway-commands.ts';
import { GatewaySecrets } from './gateway/gateway-secrets.ts';
import { GatewayQueries } from './gateway/gateway-views.queries.ts';
import { ListenersController } from './gateway/listeners.controller.ts';
import { ListenerQueries } from './gateway/listeners.queries.ts';
import { IssuedCertificateCommands } from './issued-certificate/issued-certificate-commands.ts';
import { IssuedCertificateQueries } from './issued-certificate/issued-certificate-views.queries.ts';
import { ParsingScriptCommands } from './parsing-script/parsing-script-commands.ts';
import {
  ParsingScriptQueries,
  ProductParsingQueries,
} from './parsing-script/parsing-script-views.queries.ts';
import { ProductParsingController } from './parsing-script/product-parsing.controller.ts';
import { ScriptCompiler } from './parsing-script/script-compiler.ts';
import { ProductQueries } from './product/product-views.queries.ts';
import { REGISTRY_CONFIG } from './registry.config.ts';
import { RegistryDatabaseConnection } from './schema/registry-database-connection.ts';
import { REGISTRY_DB } from './schema/registry-database.ts';
import { SecretSealer } from './secrets/sealed-secret.ts';

/** The pool below REGISTRY_DB, for what needs a connection of its own. */
export const DATABASE_POOL = key<Pool>('DATABASE_POOL');
export const CLOCK = key<Clock>('CLOCK');

/** The registry's inside: the database, commands and queries. Needs REGISTRY_CONFIG and LOGGER. */
export const registryDomainProviders = [
  provideMade(RegistryDatabaseConnection, [REGISTRY_CONFIG, LOGGER], (config, logger) =>
    RegistryDatabaseConnection.open(config, logger),
  ),
  provideMade(REGISTRY_DB, [RegistryDatabaseConnection], ({ database }) => database.db),
  provideMade(DATABASE_POOL, [RegistryDatabaseConnection], ({ database }) => database.pool),
  provideMade(EventNotifications, [RegistryDatabaseConnection], ({ notifications }) => notifications),
  provideMade(CLOCK, [], () => () => new Date()),
  provideMade(
    SecretSealer,
    [REGISTRY_CONFIG],
    ({ GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_PREVIOUS }) =>
      new SecretSealer(GATEHOUSE_MASTER_KEY, GATEHOUSE_MASTER_KEY_PREVIOUS),
  ),
  provide(AppendAnnouncer, [REGISTRY_DB]),
  provide(CommandTransactions, [REGISTRY_DB, AppendAnnouncer, SecretSealer]),

  provide(GatewaySecrets, [SecretSealer]),
  provide(GatewayCommands, [CommandTransactions, GatewayQueries, GatewaySecrets, CLOCK]),
  provide(GatewayCertificateQueries, [REGISTRY_DB]),
  provide(CertificateCommands, [CommandTransactions, GatewayCertificateQueries, GatewaySecrets, CLOCK]),
  provideMade(
    GatewayQueries,
    [REGISTRY_DB, REGISTRY_CONFIG, CLOCK],
    (db, { PUBLIC_HOST }, clock) => new GatewayQueries(db, PUBLIC_HOST, clock),
  ),
  provide(ListenerQueries, [REGISTRY_DB, SecretSealer]),
  provide(GatewayAdmissionQueries, [REGISTRY_DB, SecretSealer]),
  provide(ProductQueries, [REGISTRY_DB]),
  provide(DeviceSecrets, [SecretSealer]),
  provide(DeviceImports, [REGISTRY_DB]),
  provide(DeviceImportQueries, [REGISTRY_DB]),
  provideMade(
    DeviceImporter,
    [REGISTRY_DB, CommandTransactions, DeviceImports, DeviceSecrets, REGISTRY_CONFIG],
    (db, transactions, imports, secrets, { REGISTRY_PASSWORD_COST: passwordCost }) =>
      new DeviceImporter({ db, transactions, imports, secrets, passwordCost }),
  ),
  provide(DeviceCreation, [REGISTRY_DB, CommandTransactions]),
  provide(PresenceRecorder, [CommandTransactions]),
  provideMade(
    DeviceCommands,
    [CommandTransactions, DeviceQueries, DeviceSecrets, DeviceImporter, PresenceRecorder],
    (transactions, queries, secrets, importer, presence) =>
      new DeviceCommands({ transactions, queries, secrets, importer, presence }),
  ),
  provide(DeviceQueries, [REGISTRY_DB]),
  provide(CredentialQueries, [REGISTRY_DB, DeviceSecrets]),
  provideMade(AuthorityUrls, [REGISTRY_CONFIG], ({ OCSP_PUBLIC_URL }) => new AuthorityUrls(OCSP_PUBLIC_URL)),
  provide(AuthoritySecrets, [SecretSealer]),
  provide(AuthorityQueries, [REGISTRY_DB, AuthorityUrls]),
  provide(AuthorityCommands, [CommandTransactions, AuthorityQueries, AuthoritySecrets, CLOCK]),
  provide(IssuedCertificateQueries, [REGISTRY_DB]),
  provideMade(
    IssuedCertificateCommands,
    [CommandTransactions, IssuedCertificateQueries, AuthoritySecrets, AuthorityUrls, CLOCK],
    (transactions, queries, secrets, urls, clock) =>
      new IssuedCertificateCommands({ transactions, queries, secrets, urls, clock }),
  ),
  provideMade(
    OcspAnswers,
    [REGISTRY_DB, AuthoritySecrets, REGISTRY_CONFIG, CLOCK],
    (db, secrets, { REGISTRY_OCSP_VALIDITY_SECONDS: validitySeconds }, clock) =>
      new OcspAnswers(db, secrets, { validitySeconds, clock }),
  ),
  provide(ListSigner, []),
  provideMade(
    RevocationLists,
    [REGISTRY_DB, AuthoritySecrets, ListSigner, REGISTRY_CONFIG, CLOCK],
    (db, secrets, signer, { REGISTRY_OCSP_VALIDITY_SECONDS: validitySeconds }, clock) =>
      new RevocationLists(db, secrets, signer, { validitySeconds, clock }),
  ),
  provide(ScriptCompiler, []),
  provide(ParsingScriptCommands, [CommandTransactions, ParsingScriptQueries, ScriptCompiler]),
  provide(ParsingScriptQueries, [REGISTRY_DB]),
  provide(ProductParsingQueries, [REGISTRY_DB, ScriptCompiler]),
];

/** What answers on the bus. */
export const registryDomainControllers = [
  ListenersController,
  GatewayAdmissionController,
  CredentialsController,
  DeviceCreationController,
  ProductParsingController,
  ResponderController,
];
