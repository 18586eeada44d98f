import { GroupPublisher } from '@gatehouse/nats';
import {
  HEALTH_PROBES,
  INSTANCE_ID,
  key,
  LOGGER,
  NATS,
  provide,
  provideMade,
  type ServiceProcess,
} from '@gatehouse/nest';
import { Module, type DynamicModule } from '@nestjs/common';
import { ParserMetrics } from './observability/parser-metrics.ts';
import { PARSER_CONFIG, type ParserConfig } from './parser.config.ts';
import { IsolateSandboxes } from './script/isolate-sandbox.ts';
import { LoadedSandboxes } from './script/loaded-sandboxes.ts';
import { LostIsolates } from './script/lost-isolates.ts';
import { ParsingChanges } from './script/parsing-changes.ts';
import { ProductParsings } from './script/product-parsing.ts';
import { ScriptSandboxes } from './script/script-sandbox.ts';
import { BusConnection } from './uplink/bus-connection.ts';
import { MessageParser } from './uplink/message-parser.ts';
import { MessagePublisher } from './uplink/message-publisher.ts';
import { PartitionLeases } from './uplink/partition-leases.ts';
import type { UplinkWork } from './uplink/partition-owner.ts';
import { PartitionOwners } from './uplink/partition-owners.ts';
import { ProductWatch } from './watch/product-watch.ts';
import { WatchRequests } from './watch/watch-requests.ts';

const UPLINK_WORK = key<UplinkWork>('UPLINK_WORK');
const UPLINK_CONTEXT = key<UplinkWork['consumer']>('UPLINK_CONTEXT');

@Module({})
class ParserModule {}

export function parserModule(config: ParserConfig, process: ServiceProcess): DynamicModule {
  return {
    module: ParserModule,
    providers: [
      ...process.providers,
      { provide: HEALTH_PROBES, useValue: [] },
      { provide: PARSER_CONFIG, useValue: config },
      provide(ParserMetrics, []),
      provide(BusConnection, [NATS]),
      provide(LostIsolates, [ParserMetrics, LOGGER]),
      provideMade(
        ScriptSandboxes,
        [PARSER_CONFIG, ParserMetrics, LostIsolates],
        (settings, { scriptCpuSeconds }, lost) =>
          new IsolateSandboxes(
            {
              timeoutMs: settings.PARSER_SCRIPT_TIMEOUT_MS,
              memoryMb: settings.PARSER_SCRIPT_MEMORY_MB,
              maxResultBytes: settings.PARSER_SCRIPT_RESULT_MAX_BYTES,
            },
            { scriptCpuSeconds, onIsolateLost: () => lost.report() },
          ),
      ),
      provideMade(
        LoadedSandboxes,
        [ScriptSandboxes, PARSER_CONFIG],
        (sandboxes, { PARSER_LOADED_SCRIPTS }) => new LoadedSandboxes(sandboxes, PARSER_LOADED_SCRIPTS),
      ),
      provide(ProductParsings, [NATS, LoadedSandboxes, PARSER_CONFIG, LOGGER]),
      provide(ParsingChanges, [NATS, ProductParsings]),
      provide(ProductWatch, [NATS, PARSER_CONFIG, ParserMetrics]),
      provide(WatchRequests, [NATS, INSTANCE_ID, ProductWatch]),
      provideMade(
        GroupPublisher,
        [NATS, PARSER_CONFIG],
        (nats, { PARSER_PUBLISH_TIMEOUT_MS }) => new GroupPublisher(nats, PARSER_PUBLISH_TIMEOUT_MS),
      ),
      provide(MessageParser, [ProductParsings, ParserMetrics]),
      provide(MessagePublisher, [GroupPublisher, BusConnection, ParserMetrics, LOGGER]),
      provideMade(
        UPLINK_CONTEXT,
        [NATS, BusConnection, ParserMetrics, LOGGER],
        (nats, connection, metrics, logger) => ({ nats, connection, metrics, logger }),
      ),
      provideMade(
        UPLINK_WORK,
        [MessageParser, MessagePublisher, ProductWatch, UPLINK_CONTEXT],
        (parser, publisher, watch, consumer) => ({
          parser,
          publisher,
          watch,
          consumer,
          limits: {
            batches: config.PARSER_GROUP_BATCHES,
            messages: config.PARSER_GROUP_MESSAGES,
            lingerMs: config.PARSER_LINGER_MS,
          },
        }),
      ),
      provide(PartitionOwners, [UPLINK_WORK]),
      provide(PartitionLeases, [NATS, INSTANCE_ID, PartitionOwners, LOGGER]),
    ],
  };
}
