import { kickSession, SESSIONS_BUCKET, sessionKey } from '@gatehouse/contracts';
import { connectNats, openBucket, StreamPublisher } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { SessionDirectory } from './session-directory.ts';
import { SessionBucket, type SessionEntries } from './session-entries.ts';
import { SessionLifecycle, type Arrival, type SessionParts } from './session-lifecycle.ts';
import { SessionReclaim } from './session-reclaim.ts';
import { SessionTakeover } from './session-takeover.ts';
import { Session } from './session.ts';
import { Sessions } from './sessions.ts';

const device = { productKey: 'a1', deviceName: 'pump-1' };
const key = sessionKey(device.productKey, device.deviceName);
const connectedAt = new Date();
const entryOf = (edgeId: string): string =>
  JSON.stringify({ edgeId, gatewayId: 'g', connectedAt: '2026-01-01T00:00:00.000Z' });

async function startDirectory() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  const bucket = await openBucket(nats, SESSIONS_BUCKET);
  const logger = createLogger('edge', 'silent');
  const publisher = new StreamPublisher(nats, 5_000);
  const entries = new SessionBucket(bucket, publisher);
  const directoryOn = (other: SessionEntries = entries) =>
    new SessionDirectory(other, 'edge-1', logger, new EdgeMetrics());
  const sessions = new Sessions();
  const kicks: { edgeId: string; upToSession: number; isInDirectory: boolean }[] = [];
  const playEdge = (edgeId: string) =>
    nats.subscribe(kickSession(edgeId).subject, {
      callback: (_error, message) => {
        const { upToSession } = message.json<{ upToSession: number }>();
        void bucket.get(key).then((entry) => {
          kicks.push({ edgeId, upToSession, isInDirectory: entry?.operation === 'PUT' });
          message.respond(JSON.stringify({ ended: true }));
        });
      },
    });
  return {
    bucket,
    entries,
    sessions,
    logger,
    kicks,
    playEdge,
    directoryOn,
    takeoverOn: (directory: SessionDirectory) => new SessionTakeover(nats, directory, sessions, logger),
    isListed: async () => (await bucket.get(key))?.operation === 'PUT',
    async [Symbol.asyncDispose]() {
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The bucket with answers to writes that get lost: what is asked is done, and whoever asked does not hear of it. */
function losing(entries: SessionEntries, isLost: () => boolean): SessionEntries {
  return {
    find: (name) => entries.find(name),
    delete: (name, former) => entries.delete(name, former),
    put: async (name, value, former) => {
      const wasLost = isLost();
      const revision = await entries.put(name, value, former);
      if (wasLost) throw new Error('no answer');
      return revision;
    },
  };
}

function newSession(number: number): { readonly session: Session; readonly closed: string[] } {
  const closed: string[] = [];
  const connection = {
    remoteAddress: '192.0.2.1',
    get isOpen() {
      return closed.length === 0;
    },
    close: (reason: { code: string }) => closed.push(reason.code),
  };
  const identity = {
    gatewayId: 'g',
    ...device,
    number,
    connectedAt,
    credentialVersion: undefined,
    expiresAtMs: Number.POSITIVE_INFINITY,
    admissionVersion: 1,
    authenticatorRules: [],
  };
  const session = new Session(
    identity,
    {} as Session['terms'],
    connection as unknown as Session['connection'],
    {} as Session['ways'],
  );
  return { session, closed };
}

test('a claim whose answer was lost still names the edge that had the device', async () => {
  await using house = await startDirectory();
  const theirs = await house.bucket.put(key, entryOf('edge-2'));
  let answers = 0;
  const directory = house.directoryOn(losing(house.entries, () => (answers += 1) === 1));
  const claim = await directory.claim(device, { gatewayId: 'g', connectedAt });
  expect(claim).toEqual({ number: theirs + 2, formers: [{ edgeId: 'edge-2', number: theirs }] });
});

test('a claim that fails is taken back, after the session that it replaced was ended', async () => {
  await using house = await startDirectory();
  const theirs = await house.bucket.put(key, entryOf('edge-2'));
  house.playEdge('edge-2');
  const takeover = house.takeoverOn(house.directoryOn(losing(house.entries, () => true)));
  await expect(takeover.claim(device, { gatewayId: 'g', connectedAt })).rejects.toMatchObject({
    code: 'EDGE_SESSION_DIRECTORY_UNAVAILABLE',
  });
  await eventually(async () => expect(await house.isListed()).toBe(false));
  expect(house.kicks).toEqual([{ edgeId: 'edge-2', upToSession: theirs, isInDirectory: true }]);
});

test('a client that leaves while its claim is in flight leaves no session that nobody finds', async () => {
  await using house = await startDirectory();
  house.playEdge('edge-2');
  const directory = house.directoryOn();
  const parts = { sessions: house.sessions, directory, takeover: house.takeoverOn(directory) };
  const lifecycle = new SessionLifecycle(parts as unknown as SessionParts);
  const gone = {
    connection: { isOpen: false },
    gatewayId: 'g',
    receivedAt: connectedAt,
    span: trace.getTracer('test').startSpan('CONNECT', {}, ROOT_CONTEXT),
  } as unknown as Arrival;
  const admitted = {
    ...device,
    credentialVersion: 3,
    expiresAtMs: Number.POSITIVE_INFINITY,
    permissions: [],
  };

  const elsewhere = await house.bucket.put(key, entryOf('edge-2'));
  await expect(lifecycle.open(gone, admitted)).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(house.kicks).toEqual([{ edgeId: 'edge-2', upToSession: elsewhere, isInDirectory: true }]);
  await eventually(async () => expect(await house.isListed()).toBe(false));

  const here = newSession((await directory.claim(device, { gatewayId: 'g', connectedAt })).number);
  house.sessions.add(here.session);
  await expect(lifecycle.open(gone, admitted)).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(here.closed).toEqual(['EDGE_SESSION_TAKEN_OVER']);
  await eventually(async () => expect(await house.isListed()).toBe(false));
});

test('a session is claimed again under a new number, unless another edge has its device', async () => {
  await using house = await startDirectory();
  const directory = house.directoryOn();
  const { number } = await directory.claim(device, { gatewayId: 'g', connectedAt });
  const { session, closed } = newSession(number);
  house.sessions.add(session);
  const connected: number[] = [];
  const presence = { connected: ({ identity }: Session) => connected.push(identity.number) };
  const reclaim = new SessionReclaim({
    sessions: house.sessions,
    directory,
    logger: house.logger,
    presence: presence as unknown as SessionParts['presence'],
  });

  await house.bucket.delete(key);
  reclaim.start();
  await eventually(() => expect(connected).toEqual([number + 2]));
  expect((await house.bucket.get(key))?.revision).toBe(number + 2);
  expect(session.identity.number).toBe(number + 2);

  const theirs = await house.bucket.put(key, entryOf('edge-2'));
  reclaim.start();
  await eventually(() => expect(closed).toEqual(['EDGE_SESSION_TAKEN_OVER']));
  expect((await house.bucket.get(key))?.revision).toBe(theirs);
});

/** The bucket, and how often it is asked. */
function counting(entries: SessionEntries): { readonly entries: SessionEntries; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    entries: {
      find: (...args) => {
        asked.push('find');
        return entries.find(...args);
      },
      put: (...args) => {
        asked.push('put');
        return entries.put(...args);
      },
      delete: (...args) => {
        asked.push('delete');
        return entries.delete(...args);
      },
    },
  };
}

test('a device that comes back to its edge is claimed by one write', async () => {
  await using house = await startDirectory();
  const { entries, asked } = counting(house.entries);
  const directory = house.directoryOn(entries);
  const first = await directory.claim(device, { gatewayId: 'g', connectedAt });
  directory.release(device, first.number);
  await eventually(async () => expect(await house.isListed()).toBe(false));
  await directory.settled(AbortSignal.timeout(60_000));
  const second = await directory.claim(device, { gatewayId: 'g', connectedAt });
  expect(second).toEqual({ number: first.number + 2, formers: [] });
  expect(asked).toEqual(['find', 'put', 'delete', 'put']);
});

test('a device that was on another edge meanwhile is claimed from there', async () => {
  await using house = await startDirectory();
  const directory = house.directoryOn();
  const first = await directory.claim(device, { gatewayId: 'g', connectedAt });
  directory.release(device, first.number);
  await directory.settled(AbortSignal.timeout(60_000));
  const theirs = await house.bucket.put(key, entryOf('edge-2'));
  const second = await directory.claim(device, { gatewayId: 'g', connectedAt });
  expect(second).toEqual({ number: theirs + 1, formers: [{ edgeId: 'edge-2', number: theirs }] });
});

test('a write whose answer was lost counts, also when it was made without asking', async () => {
  await using house = await startDirectory();
  let puts = 0;
  const directory = house.directoryOn(losing(house.entries, () => (puts += 1) === 2));
  const first = await directory.claim(device, { gatewayId: 'g', connectedAt });
  directory.release(device, first.number);
  await directory.settled(AbortSignal.timeout(60_000));
  const second = await directory.claim(device, { gatewayId: 'g', connectedAt });
  expect((await house.bucket.get(key))?.revision).toBe(second.number);
});
