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
import { DownlinkEncoder } from './downlink/downlink-encoder.ts';
import { EncodeDownlinkController } from './downlink/encode-downlink.controller.ts';
import { ParserMetrics } from './observability/parser-metrics.ts';
import { checkResultLimit, PARSER_CONFIG, type ParserConfig } from './parser.config.ts';
import { IsolateSandboxes, type BudgetLimits } from './script/isolate-sandbox.ts';
import { LoadedSandboxes } from './script/loaded-sandboxes.ts';
import type { ScriptLimits } from './script/loaded-script.ts';
import { LostIsolates } from './script/lost-isolates.ts';
import { ParsingChanges } from './script/parsing-changes.ts';
import { ProductParsings } from './script/product-parsing.ts';
import { FailedRecords } from './retry/failed-records.ts';
import { FailureRetries } from './retry/failure-retries.ts';
import { RetryFailuresController } from './retry/retry-failures.controller.ts';
import { RetryPublisher } from './retry/retry-publisher.ts';
import type { RetrySteps } from './retry/retry-run.ts';
import { DeletedProducts } from './samples/deleted-products.ts';
import { MessageSamples } from './samples/message-samples.ts';
import { RecentSamples } from './samples/recent-samples.ts';
import { ScriptFailureLog } from './script/script-failure-log.ts';
import { ScriptSandboxes } from './script/script-sandbox.ts';
import { ScriptTrialRequests } from './trial/script-trial-requests.ts';
import { TrialHost } from './trial/trial-host.ts';
import { TryScriptController } from './trial/try-script.controller.ts';
import { BusConnection } from './uplink/bus-connection.ts';
import { MessageParser } from './uplink/message-parser.ts';
import { MessagePublisher } from './uplink/message-publisher.ts';
import { PartitionLeases } from './uplink/partition-leases.ts';
import { PartitionOwners } from './uplink/partition-owners.ts';
import type { UplinkConsumerContext } from './uplink/uplink-consumer.ts';
import { UplinkPipeline, type GroupSteps } from './uplink/uplink-pipeline.ts';
import { ProductWatch } from './watch/product-watch.ts';
import { WatchRequests } from './watch/watch-requests.ts';

const GROUP_STEPS = key<GroupSteps>('GROUP_STEPS');
const RETRY_SANDBOXES = key<ScriptSandboxes>('RETRY_SANDBOXES');
const RETRY_STEPS = key<Omit<RetrySteps, 'ruleOf'>>('RETRY_STEPS');
/** Breaks of messages that failed once before neither throttle their devices nor stop the script that is live. */
const RETRY_BUDGETS: BudgetLimits = {
  scriptMsPerSecond: Number.POSITIVE_INFINITY,
  failuresPerSecond: Number.POSITIVE_INFINITY,
  devicesThatStop: 20,
};
const UPLINK_CONTEXT = key<UplinkConsumerContext>('UPLINK_CONTEXT');

@Module({})
class ParserModule {}

export function parserModule(config: ParserConfig, process: ServiceProcess): DynamicModule {
  checkResultLimit(config, process.nats.info?.max_payload ?? Number.POSITIVE_INFINITY);
  return {
    module: ParserModule,
    controllers: [TryScriptController, RetryFailuresController, EncodeDownlinkController],
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
            scriptLimits(settings),
            { scriptCpuSeconds, onIsolateLost: () => lost.report() },
            {
              scriptMsPerSecond: settings.PARSER_DEVICE_SCRIPT_MS_PER_SECOND,
              failuresPerSecond: settings.PARSER_DEVICE_FAILURES_PER_SECOND,
              devicesThatStop: settings.PARSER_SCRIPT_STOP_DEVICES,
            },
          ),
      ),
      provideMade(
        LoadedSandboxes,
        [ScriptSandboxes, PARSER_CONFIG],
        (sandboxes, { PARSER_LOADED_SCRIPTS }) => new LoadedSandboxes(sandboxes, PARSER_LOADED_SCRIPTS),
      ),
      provide(ProductParsings, [NATS, LoadedSandboxes, PARSER_CONFIG, LOGGER]),
      provide(ParsingChanges, [NATS, ProductParsings]),
      provide(DownlinkEncoder, [ProductParsings]),
      provide(ProductWatch, [NATS, PARSER_CONFIG, ParserMetrics, LOGGER]),
      provide(MessageSamples, [NATS, PARSER_CONFIG, ParserMetrics, LOGGER]),
      provide(RecentSamples, [NATS]),
      provide(DeletedProducts, [NATS, RecentSamples, LOGGER]),
      provideMade(
        TrialHost,
        [PARSER_CONFIG, LOGGER],
        ({ PARSER_TRIALS: processes, PARSER_TRIAL_TIMEOUT_MS: timeoutMs }, logger) =>
          new TrialHost({ processes, timeoutMs }, logger),
      ),
      provide(ScriptTrialRequests, [TrialHost, RecentSamples, PARSER_CONFIG, ParserMetrics]),
      provide(WatchRequests, [NATS, INSTANCE_ID, ProductWatch]),
      provideMade(
        GroupPublisher,
        [NATS, PARSER_CONFIG],
        (nats, { PARSER_PUBLISH_TIMEOUT_MS }) => new GroupPublisher(nats, PARSER_PUBLISH_TIMEOUT_MS),
      ),
      provide(ScriptFailureLog, [LOGGER]),
      provide(MessageParser, [ProductParsings, ParserMetrics, ScriptFailureLog]),
      provide(MessagePublisher, [GroupPublisher, BusConnection, ParserMetrics, LOGGER]),
      provideMade(
        UPLINK_CONTEXT,
        [NATS, BusConnection, ParserMetrics, LOGGER],
        (nats, connection, metrics, logger) => ({ nats, connection, metrics, logger }),
      ),
      provideMade(
        GROUP_STEPS,
        [MessageParser, ProductWatch, MessageSamples, MessagePublisher],
        (parser, watch, samples, publisher) => ({ parser, watch, samples, publisher }),
      ),
      provideMade(
        UplinkPipeline,
        [GROUP_STEPS, PARSER_CONFIG, ParserMetrics, LOGGER],
        (steps, settings, metrics, logger) =>
          new UplinkPipeline(
            steps,
            {
              batches: settings.PARSER_GROUP_BATCHES,
              messages: settings.PARSER_GROUP_MESSAGES,
              lingerMs: settings.PARSER_LINGER_MS,
            },
            metrics,
            logger,
          ),
      ),
      provide(FailedRecords, [NATS]),
      provide(RetryPublisher, [GroupPublisher, BusConnection, ParserMetrics, LOGGER]),
      provideMade(
        RETRY_SANDBOXES,
        [PARSER_CONFIG, ParserMetrics, LostIsolates],
        (settings, { scriptCpuSeconds }, lost) =>
          new IsolateSandboxes(
            scriptLimits(settings),
            { scriptCpuSeconds, onIsolateLost: () => lost.report() },
            RETRY_BUDGETS,
          ),
      ),
      provideMade(
        RETRY_STEPS,
        [FailedRecords, RETRY_SANDBOXES, RetryPublisher],
        (records, sandboxes, publisher) => ({ records, sandboxes, publisher }),
      ),
      provideMade(
        FailureRetries,
        [RETRY_STEPS, ProductParsings, ParserMetrics],
        (steps, parsings, metrics) => new FailureRetries(steps, parsings, metrics),
      ),
      provide(PartitionOwners, [UplinkPipeline, UPLINK_CONTEXT]),
      provide(PartitionLeases, [NATS, INSTANCE_ID, PartitionOwners, LOGGER]),
    ],
  };
}

function scriptLimits(settings: ParserConfig): ScriptLimits {
  return {
    timeoutMs: settings.PARSER_SCRIPT_TIMEOUT_MS,
    memoryMb: settings.PARSER_SCRIPT_MEMORY_MB,
    maxResultBytes: settings.PARSER_SCRIPT_RESULT_MAX_BYTES,
  };
}
