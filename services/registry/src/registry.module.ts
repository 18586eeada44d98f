import { HEALTH_PROBES, LOGGER, NATS, provide, provideMade, type ServiceProcess } from '@gatehouse/nest';
import { Module, type DynamicModule } from '@nestjs/common';
import { Bans } from './ban/bans.ts';
import { RegistryWork } from './background/registry-work.ts';
import { CommandTransactions } from './commands/command-transactions.ts';
import { DeviceQueries } from './device/device-views.queries.ts';
import { CertificatesCheck } from './gateway/certificates-check.ts';
import { AuthenticationTest } from './gateway/authentication-test.ts';
import { GatewayQueries } from './gateway/gateway-views.queries.ts';
import { StapledCertificates } from './gateway/stapled-certificates.ts';
import { GatewayCertificateQueries } from './gateway/gateway-certificates.queries.ts';
import { GatewayStatusView } from './edge/gateway-status-view.ts';
import { LiveEdges } from './edge/live-edges.ts';
import { EventQueries } from './event-log/events.queries.ts';
import { Downlink } from './live-session/downlink.ts';
import { SessionDirectory } from './live-session/session-directory.ts';
import { MessageStreams } from './message-stream/message-streams.ts';
import { ProductWatch } from './message-stream/product-watch.ts';
import { operatorProviders } from './operator/operator.module.ts';
import { ParsingFailures } from './parsing-failure/parsing-failures.ts';
import {
  ParsingScriptQueries,
  ProductParsingQueries,
} from './parsing-script/parsing-script-views.queries.ts';
import { ScriptCompiler } from './parsing-script/script-compiler.ts';
import { ScriptTrial } from './parsing-script/script-trial.ts';
import { ProductQueries } from './product/product-views.queries.ts';
import { registryBackgroundProviders } from './registry-background.module.ts';
import { registryControllers } from './registry-controllers.module.ts';
import { CLOCK, registryDomainControllers, registryDomainProviders } from './registry-domain.module.ts';
import { REGISTRY_CONFIG, type RegistryConfig } from './registry.config.ts';
import { RegistryDatabaseConnection } from './schema/registry-database-connection.ts';
import { REGISTRY_DB } from './schema/registry-database.ts';

@Module({})
class RegistryModule {}

export function registryModule(config: RegistryConfig, process: ServiceProcess): DynamicModule {
  return {
    module: RegistryModule,
    controllers: [...registryControllers, ...registryDomainControllers],
    providers: [
      ...process.providers,
      { provide: REGISTRY_CONFIG, useValue: config },
      ...registryDomainProviders,
      ...registryBackgroundProviders,
      ...registryApiProviders,
    ],
  };
}

const registryApiProviders = [
  ...operatorProviders,
  provide(EventQueries, [REGISTRY_DB]),
  provide(GatewayStatusView, [REGISTRY_DB, LiveEdges]),
  provide(AuthenticationTest, [NATS, GatewayQueries]),
  provide(StapledCertificates, [NATS, GatewayQueries, GatewayCertificateQueries]),
  provideMade(
    ScriptTrial,
    [NATS, ProductQueries, ParsingScriptQueries, ProductParsingQueries, ScriptCompiler],
    (nats, products, scripts, parsings, compiler) =>
      new ScriptTrial(nats, { products, scripts, parsings }, compiler),
  ),
  provide(ParsingFailures, [NATS, ProductQueries, CommandTransactions]),
  provide(CertificatesCheck, [GatewayQueries, CLOCK]),
  provide(Bans, [NATS, CommandTransactions]),
  provide(Downlink, [NATS, DeviceQueries, SessionDirectory, CommandTransactions]),
  provide(ProductWatch, [NATS, LOGGER]),
  provideMade(
    MessageStreams,
    [ProductQueries, DeviceQueries, ProductWatch],
    (products, devices, watch) => new MessageStreams(products, devices, watch),
  ),
  provideMade(HEALTH_PROBES, [RegistryDatabaseConnection, RegistryWork], (database, work) => [
    database,
    {
      name: 'schema',
      check: async () => {
        if (!work.isSchemaReady) throw new Error('the database is not set up yet');
      },
    },
  ]),
];
