import { kickSession, SESSIONS_BUCKET, sessionKey } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import type { KV } from '@nats-io/kv';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { SessionDirectory } from './session-directory.ts';
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
  const directoryOn = (kv: KV) => new SessionDirectory(kv, 'edge-1', logger, new EdgeMetrics());
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

/** The bucket with answers that get lost: what is asked is done, and whoever asked does not hear of it. */
function losing(bucket: KV, isLost: () => boolean): KV {
  const deaf =
    <A extends unknown[], R>(ask: (...asked: A) => Promise<R>) =>
    async (...asked: A): Promise<R> => {
      const wasLost = isLost();
      const answer = await ask(...asked);
      if (wasLost) throw new Error('no answer');
      return answer;
    };
  return new Proxy(bucket, {
    get: (target, name) => {
      if (name === 'get') return target.get.bind(target);
      if (name === 'put') return deaf(target.put.bind(target));
      return target.delete.bind(target);
    },
  });
}

function newSession(number: number): { readonly session: Session; readonly closed: string[] } {
  const closed: string[] = [];
  const connection = {
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
  const directory = house.directoryOn(losing(house.bucket, () => (answers += 1) === 1));
  const claim = await directory.claim(device, 'g', connectedAt);
  expect(claim).toEqual({ number: theirs + 2, formers: [{ edgeId: 'edge-2', number: theirs }] });
});

test('a claim that fails is taken back, after the session that it replaced was ended', async () => {
  await using house = await startDirectory();
  const theirs = await house.bucket.put(key, entryOf('edge-2'));
  house.playEdge('edge-2');
  const takeover = house.takeoverOn(house.directoryOn(losing(house.bucket, () => true)));
  await expect(takeover.claim(device, 'g', connectedAt)).rejects.toMatchObject({
    code: 'EDGE_SESSION_DIRECTORY_UNAVAILABLE',
  });
  await eventually(async () => expect(await house.isListed()).toBe(false));
  expect(house.kicks).toEqual([{ edgeId: 'edge-2', upToSession: theirs, isInDirectory: true }]);
}, 20_000);

test('a client that leaves while its claim is in flight leaves no session that nobody finds', async () => {
  await using house = await startDirectory();
  house.playEdge('edge-2');
  const directory = house.directoryOn(house.bucket);
  const parts = { sessions: house.sessions, directory, takeover: house.takeoverOn(directory) };
  const lifecycle = new SessionLifecycle(parts as unknown as SessionParts);
  const gone = {
    connection: { isOpen: false },
    gatewayId: 'g',
    receivedAt: connectedAt,
    span: trace.getTracer('test').startSpan('CONNECT', {}, ROOT_CONTEXT),
  } as unknown as Arrival;
  const admitted = { ...device, expiresAtMs: Number.POSITIVE_INFINITY, permissions: [] };

  const elsewhere = await house.bucket.put(key, entryOf('edge-2'));
  await expect(lifecycle.open(gone, admitted)).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(house.kicks).toEqual([{ edgeId: 'edge-2', upToSession: elsewhere, isInDirectory: true }]);
  await eventually(async () => expect(await house.isListed()).toBe(false));

  const here = newSession((await directory.claim(device, 'g', connectedAt)).number);
  house.sessions.add(here.session);
  await expect(lifecycle.open(gone, admitted)).rejects.toMatchObject({ code: 'EDGE_CLIENT_GONE' });
  expect(here.closed).toEqual(['EDGE_SESSION_TAKEN_OVER']);
  await eventually(async () => expect(await house.isListed()).toBe(false));
});

test('a session is claimed again under a new number, unless another edge has its device', async () => {
  await using house = await startDirectory();
  const directory = house.directoryOn(house.bucket);
  const { number } = await directory.claim(device, 'g', connectedAt);
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
