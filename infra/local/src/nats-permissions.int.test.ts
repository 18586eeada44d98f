import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectionAttemptSubject,
  ensureDevice,
  findCredential,
  getGateway,
  getGatewayAdmission,
  listGateways,
  MESSAGES_STREAM,
  PARSING_FAILURES_STREAM,
  PARSING_SAMPLES_STREAM,
  parsingSampleSubject,
  testAuthentication,
  tryScript,
  UPLINK_STREAM,
} from '@gatehouse/contracts';
import { connectNats, ensureStreams } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localNats, type LocalNats } from './local-nats.ts';
import { NATS_USERS, type NatsUserName } from './nats-permissions.ts';

let directory: string;
let nats: LocalNats;
const started = new AsyncDisposableStack();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-permissions-'));
  nats = await localNats({ directory, say: () => undefined, onLine: () => undefined });
  const server = await nats.start();
  started.defer(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
});
afterAll(() => started.disposeAsync());

const connectAs = (user: NatsUserName): Promise<NatsConnection> => connectNats(nats.urlOf(user), user);

/** Resolves with what the server says about publishing there: undefined when it lets it through. */
async function refusalOf(user: NatsUserName, subject: string): Promise<string | undefined> {
  await using connection = await connectAs(user);
  const refused = Promise.withResolvers<string>();
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error') refused.resolve(status.error.message);
    }
  })();
  connection.publish(subject, '{}');
  await connection.flush();
  return Promise.race([refused.promise, connection.flush().then(() => undefined)]);
}

async function canSubscribe(user: NatsUserName, subject: string): Promise<boolean> {
  await using connection = await connectAs(user);
  const ended = Promise.withResolvers<boolean>();
  const subscription = connection.subscribe(subject, { callback: () => undefined });
  void subscription.closed.then((reason) => ended.resolve(reason === undefined));
  await connection.flush();
  await connection.flush();
  return Promise.race([ended.promise, Promise.resolve(true)]);
}

test.each([
  [listGateways.subject, ['edge']],
  [getGateway.subject, ['edge']],
  [findCredential.subject, ['auth']],
  [getGatewayAdmission.subject, ['auth']],
  [ensureDevice.subject, ['auth']],
  [testAuthentication.subject, ['registry']],
  [tryScript.subject, ['registry']],
  [parsingSampleSubject('a1x'), ['parser']],
  [`$JS.API.STREAM.PURGE.${PARSING_SAMPLES_STREAM.name}`, ['parser']],
  [`$JS.API.DIRECT.GET.${PARSING_SAMPLES_STREAM.name}`, ['parser']],
  [`$JS.API.STREAM.MSG.DELETE.${PARSING_FAILURES_STREAM.name}`, ['parser']],
  [connectionAttemptSubject('judged'), ['edge']],
  ['$KV.bans.gw-a.192_0_2_1', ['registry', 'edge']],
  ['$KV.tls-ticket-keys.current', ['edge']],
])('%s may be asked or written by %j alone', async (subject, allowed) => {
  const askers: string[] = [];
  for (const user of NATS_USERS) {
    if ((await refusalOf(user, subject)) === undefined) askers.push(user);
  }
  expect(askers).toEqual(allowed);
});

test('an application may read messages and notifications and nothing else', async () => {
  expect(await canSubscribe('application', 'messages.v1.>')).toBe(true);
  expect(await canSubscribe('application', 'presence.v1.>')).toBe(true);
  expect(await canSubscribe('application', 'uplink.v1.>')).toBe(false);
  expect(await canSubscribe('application', 'registry.events.v1.>')).toBe(false);
  expect(await canSubscribe('application', '$KV.sessions.>')).toBe(false);
  expect(await refusalOf('application', 'messages.v1.p.d.up')).toContain('Permissions Violation');
  expect(await refusalOf('application', '$JS.API.STREAM.DELETE.MESSAGES')).toContain('Permissions Violation');
});

test('nobody reads the answers that another service gets', async () => {
  expect(await canSubscribe('parser', '_INBOX_edge.>')).toBe(false);
  expect(await canSubscribe('parser', '_INBOX.>')).toBe(false);
  expect(await canSubscribe('application', '_INBOX_auth.>')).toBe(false);
  expect(await canSubscribe('edge', '_INBOX_edge.>')).toBe(true);
});

test('a parser cannot delete or change what it writes to', async () => {
  for (const verb of ['DELETE', 'PURGE', 'UPDATE']) {
    for (const { name } of [MESSAGES_STREAM, UPLINK_STREAM]) {
      expect(await refusalOf('parser', `$JS.API.STREAM.${verb}.${name}`)).toContain('Permissions Violation');
    }
  }
});

test('every service may make sure of the streams, one after the other', async () => {
  for (const user of NATS_USERS.filter((each) => each !== 'application')) {
    await using connection = await connectAs(user);
    await ensureStreams(connection, { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 });
  }
});
