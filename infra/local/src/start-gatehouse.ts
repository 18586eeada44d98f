import { join } from 'node:path';
import { cacheDirectory, freePort, projectDirectory, runProgram } from '@gatehouse/local-servers';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { ApiClient } from './demo/api-client.ts';
import { awaitListening, setUpDemo } from './demo/demo.ts';
import { DemoFiles } from './demo/demo-files.ts';
import { requirePort } from './free-ports.ts';
import { checkNats, localNats } from './local-nats.ts';
import { checkDatabase, localPostgres } from './local-postgres.ts';
import type { CombinedLog } from './log/combined-log.ts';
import { natsServerLines, postgresLines } from './log/server-lines.ts';
import { masterKey } from './master-key.ts';
import type { NatsUserName } from './nats-permissions.ts';
import { ocspPort } from './ocsp-port.ts';
import { ProcessRegister } from './process-register.ts';
import { readyMessage } from './ready-message.ts';
import { writeSecret } from './secret-file.ts';
import { serviceEnvironment, type ServiceName } from './service-environment.ts';
import { startService } from './service-process.ts';
import type { StartOptions } from './start-options.ts';
import { streamMaxBytes } from './stream-limit.ts';
import { Supervised } from './supervised.ts';

export interface StartParts {
  readonly options: StartOptions;
  /** What Gatehouse was started in; services get only what is theirs of it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: CombinedLog;
  /** A line of progress. */
  readonly say: (line: string) => void;
  /** Aborted when somebody wants to stop already. */
  readonly signal: AbortSignal;
}

interface House extends StartParts {
  readonly directory: DataDirectory;
  readonly register: ProcessRegister;
  /** Stops what was started, the last first. */
  readonly running: AsyncDisposableStack;
}

/**
 * Starts everything in order: PostgreSQL, NATS, registry; then auth, ocsp and parser; then the edges; then the
 * demo. What was started before something failed is stopped again.
 *
 * @returns what stops everything in the reverse order, and the message for the newcomer
 */
export async function startGatehouse(
  parts: StartParts,
): Promise<{ running: AsyncDisposableStack; message: string }> {
  await using running = new AsyncDisposableStack();
  const { options } = parts;
  const directory = await openDataDirectory(options.dataDirectory, options.fresh);
  running.defer(() => directory.release());
  await requirePort(options.httpPort, 'stop that program, or choose another with --http-port');
  const kept = options.fresh ? undefined : (await (await DemoFiles.open(directory)).device())?.port;
  await requireGatewayPort(options, kept);
  // Not before all that can be refused has been looked at.
  if (options.fresh) await directory.empty();
  const files = await DemoFiles.open(directory);

  const apiUrl = `http://127.0.0.1:${options.httpPort}`;
  const register = new ProcessRegister(directory.at('run.json'), apiUrl, parts.log);
  running.defer(() => register.close());
  const house = { ...parts, directory, register, running };
  const key = await masterKey(directory, options.masterKey);
  const [databaseUrl, natsUrlOf] = await allOf([startDatabase(house), startBus(house)]);
  // For npm run registry -- … --data-dir; it holds the password.
  await writeSecret(directory.at('database-url'), databaseUrl);
  register.natsUrl = natsUrlOf('application');
  await files.writeNatsUrl(natsUrlOf('application'));

  const apiKey = await files.apiKey();
  await startServices(house, natsUrlOf, {
    DATABASE_URL: databaseUrl,
    GATEHOUSE_MASTER_KEY: key,
    GATEHOUSE_BOOTSTRAP_API_KEY: apiKey,
    HTTP_PORT: String(options.httpPort),
  });

  const api = new ApiClient(apiUrl, apiKey);
  const device = await setUpDemo(api, files, options.mqttPort);
  if (device !== undefined) await awaitListening(api, device.gatewayId, parts.signal);
  const message = readyMessage({
    apiUrl,
    device,
    caFile: files.caFile,
    apiKeyFile: files.apiKeyFile,
    mqttPort: options.mqttPort,
    hasMosquitto: await hasMosquitto(),
    projectDirectory,
  });
  parts.signal.throwIfAborted();
  return { running: running.move(), message };
}

/** A demo gateway that exists keeps its port, whatever `--mqtt-port` says. */
async function requireGatewayPort(options: StartOptions, kept: number | undefined): Promise<void> {
  await requirePort(
    kept ?? options.mqttPort,
    kept === undefined
      ? 'stop that program, or choose another with --mqtt-port'
      : 'it belongs to the demo gateway of this data directory; stop that program, or start with another --data-dir',
  );
}

async function startDatabase(house: House): Promise<string> {
  const { options, directory, log } = house;
  if (options.databaseUrl !== undefined) {
    await checkDatabase(options.databaseUrl);
    return options.databaseUrl;
  }
  const postgres = await localPostgres(
    directory.at('postgres'),
    postgresLines((level, message) => log.say(level, message, { service: 'postgres' })),
  );
  const supervised = await Supervised.start({
    name: 'postgres',
    start: () => postgres.start(),
    ...house.register.watch('postgres'),
  });
  house.running.defer(() => supervised.stop());
  return postgres.databaseUrl(supervised.process);
}

async function startBus(house: House): Promise<(user: NatsUserName) => string> {
  const { options, directory, log } = house;
  const { natsUrl } = options;
  if (natsUrl !== undefined) {
    await checkNats(natsUrl);
    return () => natsUrl;
  }
  const nats = await localNats({
    directory: directory.at('nats'),
    say: house.say,
    onLine: natsServerLines((level, message) => log.say(level, message, { service: 'nats' })),
  });
  const supervised = await Supervised.start({
    name: 'nats',
    start: () => nats.start(),
    ...house.register.watch('nats'),
  });
  house.running.defer(() => supervised.stop());
  return (user) => nats.urlOf(user);
}

async function startServices(
  house: House,
  natsUrlOf: (user: NatsUserName) => string,
  registry: Readonly<Record<string, string>>,
): Promise<void> {
  const { options, directory } = house;
  const streamLimit: Record<string, string> =
    options.natsUrl === undefined
      ? {
          STREAM_MAX_BYTES: String(
            await streamMaxBytes(directory.path, directory.at('nats', 'stream-max-bytes')),
          ),
        }
      : {};
  const start = async (service: ServiceName, name: string, own: Readonly<Record<string, string>> = {}) => {
    house.signal.throwIfAborted();
    const port = own['HTTP_PORT'] ?? String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const supervised = await startService(
      {
        service,
        name,
        url,
        dataDirectory: directory.path,
        environment: serviceEnvironment(
          service,
          { ...streamLimit, ...house.environment },
          {
            LOG_LEVEL: house.log.level,
            // Saves a service a third of its time to start.
            NODE_COMPILE_CACHE: join(cacheDirectory, 'compiled'),
            NATS_URL: natsUrlOf(service),
            HTTP_PORT: port,
            ...own,
          },
        ),
        onLine: house.log.lines(name),
        ...house.register.watch(name, url),
      },
      house.signal,
    );
    house.running.defer(() => supervised.stop());
  };
  const responder = await ocspResponder(house);
  await start('registry', 'registry', { ...responder.registry, ...registry });
  await allOf([start('auth', 'auth'), start('ocsp', 'ocsp', responder.ocsp), start('parser', 'parser')]);
  const edges = Array.from({ length: options.edges }, (_, index) => `edge-${index + 1}`);
  await allOf(edges.map((name) => start('edge', name)));
}

/**
 * What the responder of own authorities needs. `ocsp` checks certificates of theirs like any others, by their URL: so
 * it may call this port of this machine, unless the operator has given a public URL.
 */
async function ocspResponder({ directory, options, environment }: House): Promise<{
  readonly registry: Readonly<Record<string, string>>;
  readonly ocsp: Readonly<Record<string, string>>;
}> {
  const port = await ocspPort(directory, options.ocspPort);
  const ocsp = { HTTP_PORT: String(port) };
  if (environment['OCSP_PUBLIC_URL'] !== undefined) return { registry: {}, ocsp };
  const allowed = [environment['GATEHOUSE_OUTBOUND_ALLOW'], `127.0.0.1:${port}`].filter(Boolean).join(',');
  return {
    registry: { OCSP_PUBLIC_URL: `http://127.0.0.1:${port}` },
    ocsp: { ...ocsp, GATEHOUSE_OUTBOUND_ALLOW: allowed },
  };
}

/** As Promise.all, but when one fails the others come to an end first: what they started must be known. */
async function allOf<T extends readonly unknown[]>(work: { [I in keyof T]: Promise<T[I]> }): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

async function hasMosquitto(): Promise<boolean> {
  return runProgram('sh', ['-c', 'command -v mosquitto_pub'], 5_000).then(
    () => true,
    () => false,
  );
}
