import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';

/**
 * Options for a connection that waits for its server and never gives up on it. User and password may stand
 * in the URL, as in `nats://edge:secret@127.0.0.1:4222`; several URLs are separated by commas.
 *
 * @throws {TypeError} when a URL cannot be read
 */
export function natsOptions(url: string, name: string): ConnectionOptions {
  const urls = url.split(',').map((each) => new URL(each.includes('://') ? each : `nats://${each}`));
  const { username, password, protocol } = urls[0] ?? new URL('nats://127.0.0.1:4222');
  return {
    servers: urls.map((each) => each.host),
    name,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 100,
    pingInterval: 10_000,
    ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(protocol === 'tls:' ? { tls: {} } : {}),
  };
}

export function connectNats(url: string, name: string): Promise<NatsConnection> {
  return connect(natsOptions(url, name));
}
