import {
  banKey,
  BANS_BUCKET,
  connectionAttemptSubject,
  type AddressBan,
  type ConnectionAttempt,
} from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { createTestDatabase, eventually, startTestNats } from '@gatehouse/testing';
import type { KV } from '@nats-io/kv';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attemptOf } from '../testing/connection-attempt.ts';
import { startRegistry, type RegistryUnderTest } from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let edge: NatsConnection;
let bans: KV;
let registry: RegistryUnderTest;
let later: () => Promise<RegistryUnderTest>;

beforeAll(async () => {
  const nats = resources.use(await startTestNats());
  const database = resources.use(await createTestDatabase());
  registry = resources.use(await startRegistry(database.url, nats.url));
  later = async () => resources.use(await startRegistry(database.url, nats.url));
  await registry.ready();
  edge = await connectNats(nats.url, 'edge');
  resources.defer(() => edge.close());
  bans = await openBucket(edge, BANS_BUCKET);
});
afterAll(() => resources.disposeAsync());

const write = (records: unknown, kind: 'judged' | 'unidentified' = 'judged') =>
  jetstream(edge).publish(connectionAttemptSubject(kind), JSON.stringify(records));

async function idsOf(query: string, of: RegistryUnderTest = registry): Promise<string[]> {
  const { status, body } = await of.call(`GET /connection-attempts?${query}`);
  expect(status).toBe(200);
  return body.items.map(({ attemptId }: ConnectionAttempt) => attemptId);
}

// The tests tell one story: each goes on where the one before it ended.

test('attempts are found by everything they say, newest first, page by page', async () => {
  const certificate = { commonName: 'pump-9', serialNumber: '01ab', issuer: 'CN=CA', fingerprint: 'ff' };
  await write([
    attemptOf({ attemptId: 'a1' }),
    attemptOf({ attemptId: 'a2', gatewayId: 'gw-other', clientId: 'c-2', remoteAddress: '2001:db8::2' }),
  ]);
  await write(
    [attemptOf({ attemptId: 'a3', outcome: 'failed', reason: 'not-mqtt', username: null })],
    'unidentified',
  );
  const admitted = { outcome: 'admitted', reason: null, productKey: 'a1x', deviceName: 'pump-9' } as const;
  await write([attemptOf({ attemptId: 'a4', ...admitted, username: 'pump-9', certificate })]);

  await eventually(async () => expect(await idsOf('')).toEqual(['a4', 'a3', 'a2', 'a1']));
  expect(await idsOf('gatewayId=gw-other')).toEqual(['a2']);
  expect(await idsOf('clientId=c-2')).toEqual(['a2']);
  expect(await idsOf('ip=2001:db8::2')).toEqual(['a2']);
  expect(await idsOf('username=pump-7&outcome=refused')).toEqual(['a2', 'a1']);
  expect(await idsOf('commonName=pump-9')).toEqual(['a4']);
  expect(await idsOf('productKey=a1x&deviceName=pump-9')).toEqual(['a4']);
  expect(await idsOf('reason=not-mqtt')).toEqual(['a3']);
  expect(await idsOf('reason=no-such')).toEqual([]);

  const { body: first } = await registry.call('GET /connection-attempts?limit=3');
  expect(first.items).toHaveLength(3);
  expect(await idsOf(`limit=3&after=${first.next}`)).toEqual(['a1']);
  expect(await registry.call('GET /connection-attempts?after=x')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'after' }] },
  });
  expect(await registry.call('GET /connection-attempts?colour=red')).toMatchObject({ status: 400 });
});

test('a second record says how an admitted connection ended', async () => {
  const closed = { at: '2026-11-22T01:00:00.000Z', code: 'EDGE_SESSION_TAKEN_OVER' };
  await write([attemptOf({ attemptId: 'a4', outcome: 'admitted', steps: [], closed })]);
  await eventually(async () => {
    const { body } = await registry.call('GET /connection-attempts?limit=1');
    expect(body.items[0]).toMatchObject({ attemptId: 'a4', closed, steps: [{}, {}] });
  });
});

test('what cannot be read is skipped, and its neighbours are not', async () => {
  await write('no attempts');
  await write([{ attemptId: 'a5' }, attemptOf({ attemptId: 'a6' })]);
  await eventually(async () => expect((await idsOf(''))[0]).toBe('a6'));
});

test('an instance that starts later shows the same, at the same places', async () => {
  const other = await later();
  await other.ready();
  await eventually(async () => {
    const answer = await other.call('GET /connection-attempts');
    expect(answer.headers.get('gatehouse-filling')).toBeNull();
    expect(answer.body.items).toHaveLength(5);
  });
  const [here, there] = await Promise.all(
    [registry, other].map((each) => each.call('GET /connection-attempts?limit=2')),
  );
  expect(there?.body).toEqual(here?.body);
});

function banOf(remoteAddress: string, more: Partial<AddressBan> = {}): AddressBan {
  return {
    gatewayId: 'gw-abcdefghij',
    remoteAddress,
    bannedAt: new Date().toISOString(),
    until: new Date(Date.now() + 60_000).toISOString(),
    cause: 'failed-attempts',
    reason: '101 attempts failed within a minute',
    failures: 101,
    edgeId: 'e1',
    ...more,
  };
}
const putBan = (ban: AddressBan) => bans.put(banKey(ban.gatewayId, ban.remoteAddress), JSON.stringify(ban));

test('bans are listed until they end, and can be lifted', async () => {
  const here = banOf('192.0.2.1');
  const there = banOf('2001:db8::7', { gatewayId: 'gw-other' });
  await putBan(here);
  await putBan(there);
  await putBan(banOf('192.0.2.9', { until: new Date(Date.now() - 1_000).toISOString() }));
  await bans.put('gw-abcdefghij.192.0.2.3', 'no ban');

  expect(await registry.call('GET /bans')).toMatchObject({ body: { items: [here, there], next: null } });
  expect((await registry.call('GET /bans?gatewayId=gw-other')).body.items).toEqual([there]);
  const { body: page } = await registry.call('GET /bans?limit=1');
  expect((await registry.call(`GET /bans?limit=1&after=${page.next}`)).body.items).toEqual([there]);

  expect(await registry.call('DELETE /bans/gw-other/2001:db8::7')).toMatchObject({ status: 204 });
  for (const gone of [
    'gw-other/2001:db8::7',
    'gw-abcdefghij/192.0.2.9',
    'gw-abcdefghij/192.0.2.3',
    '%20/x',
  ]) {
    expect(await registry.call(`DELETE /bans/${gone}`)).toMatchObject({
      status: 404,
      body: { code: 'REGISTRY_BAN_NOT_FOUND' },
    });
  }
  expect((await registry.call('GET /bans')).body.items).toEqual([here]);
});

test('a ban is lifted once: a late repetition does not lift the next one', async () => {
  const ban = banOf('192.0.2.44', { gatewayId: 'gw-once' });
  await putBan(ban);
  const lift = ['DELETE /bans/gw-once/192.0.2.44', { headers: { 'idempotency-key': 'lift-1' } }] as const;
  expect(await registry.call(...lift)).toMatchObject({ status: 204 });
  await putBan(ban);
  expect(await registry.call(...lift)).toMatchObject({ status: 204 });
  expect((await registry.call('GET /bans?gatewayId=gw-once')).body.items).toEqual([ban]);
});

test('the ban of a /64 is lifted by any address of it', async () => {
  await putBan(banOf('2001:db8:0:1'));
  const { gatewayId } = banOf('2001:db8:0:1');
  expect(await registry.call(`DELETE /bans/${gatewayId}/2001:db8:0:2::7`)).toMatchObject({ status: 404 });
  expect(await registry.call(`DELETE /bans/${gatewayId}/2001:DB8:0:1::7`)).toMatchObject({ status: 204 });
});
