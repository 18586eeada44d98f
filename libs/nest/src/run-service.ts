import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { connectNats, ensureStreams } from '@gatehouse/nats';
import { OutageLog, startTelemetry, type Logger, type Telemetry } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DynamicModule, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions } from 'fastify';
import { HEALTH_PROBES, readinessOf, type HealthProbe } from './health.ts';
import { key } from './provide.ts';
import { ConfigurationInvalid } from './read-config.ts';
import { RequestServer } from './request-server.ts';
import type { ServiceConfig } from './service-config.ts';
import { NestLog, nameServiceLogger } from './service-logger.ts';
import { streamSetupOf } from './stream-setup-of.ts';

/** What a service gets from its process; every module may depend on these. */
export const NATS = key<NatsConnection>('NATS');
export const LOGGER = key<Logger>('LOGGER');
export const TELEMETRY = key<Telemetry>('TELEMETRY');
/** Names this process among the instances of its service: 8 letters and digits, new at each start. */
export const INSTANCE_ID = key<string>('INSTANCE_ID');

export interface ServiceProcess {
  readonly nats: NatsConnection;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly instanceId: string;
  /** The four above, as providers for the root module. */
  readonly providers: Provider[];
}

export interface ServiceDefinition<Config extends ServiceConfig> {
  readonly name: string;
  readonly readConfig: () => Config;
  /** The root module, made when the process's parts are there. */
  readonly module: (config: Config, parts: ServiceProcess) => DynamicModule;
  /** Changes to the HTTP application before it listens. */
  readonly prepareHttp?: (app: NestFastifyApplication, config: Config) => void | Promise<void>;
  /** Options of the HTTP server that cannot be changed later, such as `rewriteUrl`. */
  readonly httpOptions?: FastifyHttpOptions<Server>;
  /**
   * `stopping`, unless said otherwise: other instances take the requests. `stopped` is for what nobody else can
   * answer, about that which this instance holds until it has stopped.
   */
  readonly answersUntil?: 'stopping' | 'stopped';
}

const STOP_TIMEOUT_MS = 10_000;

/**
 * Runs a service until SIGTERM or SIGINT: telemetry, NATS, streams, the module, its subjects, then HTTP with
 * `/healthz`, `/readyz` and `/metrics`. A configuration that is wrong is one line and exit code 1.
 */
export async function runService<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
): Promise<void> {
  const logger = nameServiceLogger(definition.name);
  try {
    const app = await startService(definition, logger);
    stopOnSignals(app, logger);
  } catch (error) {
    if (error instanceof ConfigurationInvalid) logger.fatal(error.message);
    else logger.fatal({ err: error }, 'the service could not start');
    process.exit(1);
  }
}

export interface RunningService {
  stop(): Promise<void>;
}

/** Starts a service and leaves signals and exit codes to the caller: what {@link runService} does, for tests. */
export async function startService<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  logger: Logger = nameServiceLogger(definition.name),
): Promise<RunningService> {
  const config = definition.readConfig();
  const instanceId = process.env['GATEHOUSE_INSTANCE_ID'] ?? randomBytes(5).toString('hex').slice(0, 8);
  const telemetry = startTelemetry(definition.name, instanceId);
  const nats = await connectNats(config.NATS_URL, `gatehouse-${definition.name}-${instanceId}`);
  logNatsStatus(nats, logger);
  await ensureStreams(nats, streamSetupOf(config));

  const parts = { nats, logger, telemetry, instanceId };
  const module = definition.module(config, { ...parts, providers: partProviders(parts) });
  const app = await NestFactory.create<NestFastifyApplication>(
    module,
    new FastifyAdapter({
      forceCloseConnections: true,
      bodyLimit: 16 * 1024 * 1024,
      ...definition.httpOptions,
    }),
    { logger: new NestLog(), abortOnError: false },
  );
  const requests = new RequestServer(nats, definition.name, logger);
  app.connectMicroservice({ strategy: requests });
  serveHealth(app, nats, telemetry);
  await definition.prepareHttp?.(app, config);
  await app.startAllMicroservices();
  await app.listen(config.HTTP_PORT, config.HTTP_HOST);
  logger.info({ http: await app.getUrl(), instanceId }, 'service ready');

  return {
    async stop() {
      if (definition.answersUntil !== 'stopped') await requests.close();
      await app.close();
      await nats.drain().catch(() => undefined);
      await telemetry.shutdown();
    },
  };
}

function partProviders(parts: Omit<ServiceProcess, 'providers'>): Provider[] {
  return [
    { provide: NATS, useValue: parts.nats },
    { provide: LOGGER, useValue: parts.logger },
    { provide: TELEMETRY, useValue: parts.telemetry },
    { provide: INSTANCE_ID, useValue: parts.instanceId },
  ];
}

function serveHealth(app: NestFastifyApplication, nats: NatsConnection, telemetry: Telemetry): void {
  const natsProbe: HealthProbe = { name: 'nats', check: () => nats.flush() };
  const http = app.getHttpAdapter().getInstance();
  http.get('/healthz', () => ({ status: 'up' }));
  http.get('/readyz', async (_request, reply) => {
    const own = app.get<readonly HealthProbe[]>(HEALTH_PROBES, { strict: false });
    const readiness = await readinessOf([natsProbe, ...own]);
    return reply.status(readiness.ready ? 200 : 503).send(readiness);
  });
  http.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await telemetry.metricsText()),
  );
}

function logNatsStatus(nats: NatsConnection, logger: Logger): void {
  const outage = new OutageLog(logger, {
    failing: 'NATS connection lost',
    mended: 'NATS connection is back',
  });
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') outage.failed('disconnected', { server: status.server });
      if (status.type === 'reconnect') outage.succeeded();
      if (status.type === 'error') logger.error({ err: status.error }, 'NATS reported an error');
    }
  })();
}

function stopOnSignals(service: RunningService, logger: Logger): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'service stopping');
    const late = setTimeout(() => {
      logger.error({ timeoutMs: STOP_TIMEOUT_MS }, 'service did not stop in time');
      process.exit(1);
    }, STOP_TIMEOUT_MS);
    late.unref();
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'service stopped badly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
