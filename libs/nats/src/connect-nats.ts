import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';

const DEFAULT_URL = 'nats://127.0.0.1:4222';
const DEFAULT_INBOX = '_INBOX';
const inboxes = new WeakMap<NatsConnection, string>();

/**
 * Options for a connection that waits for its server and never gives up on it. User and password may stand
 * in the URL, as in `nats://edge:secret@127.0.0.1:4222`; several URLs are separated by commas. With
 * `?inbox=_INBOX_edge` answers come to subjects under that prefix, so that the server's permissions can keep
 * other users from reading along.
 *
 * @throws {TypeError} when a URL cannot be read
 */
export function natsOptions(url: string, name: string): ConnectionOptions {
  const urls = url.split(',').map((each) => new URL(each.includes('://') ? each : `nats://${each}`));
  const { username, password, protocol, searchParams } = urls[0] ?? new URL(DEFAULT_URL);
  return {
    servers: urls.map((each) => each.host),
    name,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    pingInterval: 10_000,
    // A stack trace of each request's caller costs a third of a millisecond, and our errors name the subject.
    noAsyncTraces: true,
    inboxPrefix: searchParams.get('inbox') ?? DEFAULT_INBOX,
    ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
  };
}

export async function connectNats(url: string, name: string): Promise<NatsConnection> {
  const options = natsOptions(url, name);
  const nats = await connect(options);
  inboxes.set(nats, options.inboxPrefix ?? DEFAULT_INBOX);
  return nats;
}

/** Where answers to this connection go; for those who make inboxes of their own. */
export function inboxPrefixOf(nats: NatsConnection): string {
  return inboxes.get(nats) ?? DEFAULT_INBOX;
}
