import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';
import { natsServerProgram } from './nats-server-program.ts';

export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

export interface NatsServerOptions {
  /** Configuration and JetStream's files live here. */
  readonly directory: string;
  readonly port?: number;
  /** Who may connect; nobody needs a password when it is empty. */
  readonly users?: readonly NatsUser[];
  readonly say?: (line: string) => void;
  readonly onLine?: (line: string) => void;
}

/** A nats-server with JetStream on a loopback port. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process has ended, with how: a signal's name or `code <number>`. */
  ended(): Promise<string>;
  stop(): Promise<void>;
  kill(): void;
}

/** @throws {ProgramMissing | ServerDidNotStart} */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const program = await natsServerProgram(options.say);
  const port = options.port ?? (await freePort());
  await mkdir(options.directory, { recursive: true });
  const configuration = join(options.directory, 'nats-server.conf');
  await writeFile(configuration, configurationText(port, options), { mode: 0o600 });
  const server = await startChildServer({
    name: 'nats-server',
    command: program,
    arguments: ['--config', configuration],
    isReadyLine: (line) => line.includes('Server is ready'),
    readyTimeoutMs: 20_000,
    stopSignal: 'SIGTERM',
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    ended: () => server.ended(),
    stop: () => server.stop(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

const quoted = (text: string): string => JSON.stringify(text);

function configurationText(port: number, { directory, users = [] }: NatsServerOptions): string {
  const list = (subjects: readonly string[]): string => `[${subjects.map(quoted).join(', ')}]`;
  const accounts = users.map(
    ({ user, password, publish, subscribe }) =>
      `    { user: ${quoted(user)}, password: ${quoted(password)}, ` +
      `permissions: { publish: ${list(publish)}, subscribe: ${list(subscribe)}, allow_responses: true } }`,
  );
  return [
    `listen: "127.0.0.1:${port}"`,
    'max_payload: 8MB',
    `jetstream: { store_dir: ${quoted(join(directory, 'jetstream'))} }`,
    ...(users.length > 0 ? ['authorization: {', '  users: [', accounts.join(',\n'), '  ]', '}'] : []),
    '',
  ].join('\n');
}
