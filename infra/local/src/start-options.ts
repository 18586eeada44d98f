import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OptionInvalid } from './local.failures.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface StartOptions {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Of the responder of own authorities; undefined: the one of the data directory, a free one at first. */
  readonly ocspPort: number | undefined;
  readonly edges: number;
  /** Delete what is in the data directory first. */
  readonly fresh: boolean;
  readonly masterKey: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly logLevel: LogLevel | undefined;
}

export const USAGE = `npm start -- [flags]

  --data-dir <folder>    where everything is kept      GATEHOUSE_DATA_DIR    .gatehouse
  --http-port <port>     HTTP API, on 127.0.0.1        GATEHOUSE_HTTP_PORT   8080
  --mqtt-port <port>     the demo gateway's port       GATEHOUSE_MQTT_PORT   1883
  --ocsp-port <port>     OCSP and CRLs of own CAs      GATEHOUSE_OCSP_PORT   a free one, kept
  --edges <number>       edge processes                GATEHOUSE_EDGES       1
  --fresh                delete what is in the data directory first

  DATABASE_URL, NATS_URL use existing servers instead of those that come along;
  GATEHOUSE_LOG_LEVEL is one of ${LOG_LEVELS.join(', ')}`;

const MOST_EDGES = 64;
const FLAGS = ['data-dir', 'http-port', 'mqtt-port', 'ocsp-port', 'edges', 'fresh'] as const;

/**
 * What `npm start` is asked for; a flag outranks its variable.
 *
 * @returns 'help' when the usage was asked for
 * @throws {OptionInvalid} with the flag or variable that is wrong
 */
export function readStartOptions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  projectDirectory: string,
): StartOptions | 'help' {
  refuseFlagsThatNpmTook(environment);
  const flags = readFlags(args);
  if (flags.help === true) return 'help';
  const integer = (flag: 'http-port' | 'mqtt-port' | 'edges', limits: IntegerLimits): number => {
    const variable = `GATEHOUSE_${flag.replace('-', '_').toUpperCase()}`;
    const fromFlag = flags[flag];
    if (fromFlag !== undefined) return readInteger(`--${flag}`, fromFlag, limits);
    return readInteger(variable, set(environment, variable) ?? String(limits.standard), limits);
  };
  const ocspPort = flags['ocsp-port'] ?? set(environment, 'GATEHOUSE_OCSP_PORT');
  const options: StartOptions = {
    dataDirectory: resolve(
      projectDirectory,
      flags['data-dir'] ?? set(environment, 'GATEHOUSE_DATA_DIR') ?? '.gatehouse',
    ),
    httpPort: integer('http-port', { least: 1, most: 65_535, standard: 8_080 }),
    mqttPort: integer('mqtt-port', { least: 1_024, most: 65_535, standard: 1_883 }),
    ocspPort:
      ocspPort === undefined
        ? undefined
        : readInteger(flags['ocsp-port'] === undefined ? 'GATEHOUSE_OCSP_PORT' : '--ocsp-port', ocspPort, {
            least: 1,
            most: 65_535,
          }),
    edges: integer('edges', { least: 1, most: MOST_EDGES, standard: 1 }),
    fresh: flags.fresh ?? false,
    masterKey: readMasterKey(environment),
    databaseUrl: readUrl(environment, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    natsUrl: readUrl(environment, 'NATS_URL', ['nats:', 'tls:']),
    logLevel: readLogLevel(environment),
  };
  if (options.httpPort === options.mqttPort) {
    throw new OptionInvalid(`--http-port and --mqtt-port are both ${options.httpPort}: change one of them`);
  }
  return options;
}

/** `npm start --fresh` gives the flag to npm, which puts it into the environment and starts us without. */
function refuseFlagsThatNpmTook(environment: NodeJS.ProcessEnv): void {
  for (const flag of FLAGS) {
    if (environment[`npm_config_${flag.replace('-', '_')}`] === undefined) continue;
    throw new OptionInvalid(
      `npm took --${flag} for itself: put -- before the flags, npm start -- --${flag} …`,
    );
  }
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        'data-dir': { type: 'string' },
        'http-port': { type: 'string' },
        'mqtt-port': { type: 'string' },
        'ocsp-port': { type: 'string' },
        edges: { type: 'string' },
        fresh: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(/\.\s|\n/)[0] : String(error);
    throw new OptionInvalid(`${reason}; npm start -- --help lists the flags`);
  }
}

/** An empty variable is one that is not set. */
function set(environment: NodeJS.ProcessEnv, variable: string): string | undefined {
  const value = environment[variable]?.trim();
  return value === '' ? undefined : value;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

interface IntegerLimits extends Range {
  readonly standard: number;
}

function readInteger(name: string, text: string, { least, most }: Range): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new OptionInvalid(
    `${name} is ${JSON.stringify(text)}, but must be a number from ${least} to ${most}`,
  );
}

function readMasterKey(environment: NodeJS.ProcessEnv): string | undefined {
  const key = set(environment, 'GATEHOUSE_MASTER_KEY');
  if (key === undefined || /^[0-9a-fA-F]{64}$/.test(key)) return key;
  throw new OptionInvalid('GATEHOUSE_MASTER_KEY must be 64 hexadecimal characters (openssl rand -hex 32)');
}

function readUrl(
  environment: NodeJS.ProcessEnv,
  variable: string,
  protocols: readonly string[],
): string | undefined {
  const text = set(environment, variable);
  if (text === undefined) return undefined;
  const isUrl = text.split(',').every((each) => protocols.includes(URL.parse(each)?.protocol ?? ''));
  if (isUrl) return text;
  throw new OptionInvalid(`${variable} must be an address like ${protocols[0]}//user:password@host:port`);
}

function readLogLevel(environment: NodeJS.ProcessEnv): LogLevel | undefined {
  const text = set(environment, 'GATEHOUSE_LOG_LEVEL');
  const level = LOG_LEVELS.find((each) => each === text);
  if (text === undefined || level !== undefined) return level;
  throw new OptionInvalid(
    `GATEHOUSE_LOG_LEVEL is ${JSON.stringify(text)}, but must be one of ${LOG_LEVELS.join(', ')}`,
  );
}
