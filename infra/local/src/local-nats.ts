import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startNatsServer, type NatsServer } from '@gatehouse/local-servers';
import { natsOptions } from '@gatehouse/nats';
import { connect } from '@nats-io/transport-node';
import { isPortFree } from './free-ports.ts';
import { NatsUnreachable } from './local.failures.ts';
import { inboxOf, NATS_PERMISSIONS, NATS_USERS, type NatsUserName } from './nats-permissions.ts';
import { readSecret, writeSecret } from './secret-file.ts';

const CONNECT_TIMEOUT_MS = 4_000;
const PASSWORD_BYTES = 24;

export interface LocalNats {
  /** What a user connects with; the same at every start while the port stays free. */
  urlOf(user: NatsUserName): string;
  /** Also starts it again, after it died. */
  start(): Promise<NatsServer>;
}

export interface LocalNatsOptions {
  readonly directory: string;
  readonly say: (line: string) => void;
  readonly onLine: (line: string) => void;
}

/** A nats-server in `directory` in which each service is a user with the fewest rights; not running yet. */
export async function localNats({ directory, say, onLine }: LocalNatsOptions): Promise<LocalNats> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const passwords = await keptPasswords(join(directory, 'users.json'));
  const port = await keptPort(join(directory, 'port'));
  const users = NATS_USERS.map((user) => ({
    user,
    password: passwords[user],
    publish: NATS_PERMISSIONS[user].publish,
    subscribe: [...NATS_PERMISSIONS[user].subscribe, `${inboxOf(user)}.>`],
  }));
  return {
    urlOf: (user) => {
      const url = `nats://${user}:${passwords[user]}@127.0.0.1:${port}`;
      return user === 'application' ? url : `${url}?inbox=${inboxOf(user)}`;
    },
    start: () => startNatsServer({ directory, port, users, say, onLine }),
  };
}

async function keptPasswords(file: string): Promise<Readonly<Record<NatsUserName, string>>> {
  const kept = JSON.parse((await readSecret(file)) ?? '{}') as Partial<Record<NatsUserName, string>>;
  const passwords = Object.fromEntries(
    NATS_USERS.map((user) => [user, kept[user] ?? randomBytes(PASSWORD_BYTES).toString('base64url')]),
  ) as Record<NatsUserName, string>;
  await writeSecret(file, JSON.stringify(passwords, null, 2));
  return passwords;
}

async function keptPort(file: string): Promise<number> {
  const kept = Number(await readSecret(file));
  if (Number.isInteger(kept) && kept > 0 && (await isPortFree(kept, '127.0.0.1'))) return kept;
  const port = await freePort();
  await writeSecret(file, String(port));
  return port;
}

/** @throws {NatsUnreachable} nobody answers within seconds, or not with JetStream */
export async function checkNats(url: string): Promise<void> {
  try {
    const nats = await connect({
      ...natsOptions(url, 'gatehouse-start'),
      waitOnFirstConnect: false,
      maxReconnectAttempts: 0,
      timeout: CONNECT_TIMEOUT_MS,
    });
    try {
      await nats.request('$JS.API.INFO', '', { timeout: CONNECT_TIMEOUT_MS });
    } catch {
      throw new Error('it answers, but JetStream is not enabled there');
    } finally {
      await nats.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NatsUnreachable(hostsOf(url), reason);
  }
}

function hostsOf(url: string): string {
  return url
    .split(',')
    .map((each) => new URL(each).host)
    .join(', ');
}
