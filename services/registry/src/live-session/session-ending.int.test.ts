import {
  kickSession,
  registryEventSubject,
  sessionKey,
  SESSIONS_BUCKET,
  type RequestOf,
} from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdBackLog } from '../testing/held-back-log.ts';
import {
  createGateway,
  importDevices,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

type Kick = RequestOf<ReturnType<typeof kickSession>>;

const resources = new AsyncDisposableStack();
const kicks: Kick[] = [];
let edge: NatsConnection;
let sessions: KV;
let registry: ServedRegistry;
let productKey: string;
let gatewayId: string;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  ({ productKey, gatewayId } = await createGateway(registry, 'ending_1'));
  await importDevices(registry, productKey, 'pump-1', 'pump-2', 'pump-3', 'pump-4');
  edge = await connectNats(registry.natsUrl, 'edge');
  resources.defer(() => edge.close());
  sessions = await openBucket(edge, SESSIONS_BUCKET);
  edge.subscribe(kickSession('e1').subject, {
    callback: (_error, message) => {
      const kick = message.json<Kick>();
      kicks.push(kick);
      // One that comes when the tests are over has no answer.
      sessions
        .delete(sessionKey(kick.productKey, kick.deviceName))
        .then(() => message.respond(JSON.stringify({ ended: true })))
        .catch(() => undefined);
    },
  });
});
afterAll(() => resources.disposeAsync());

function connect(deviceName: string, connectedAt = new Date()): Promise<number> {
  const entry = { edgeId: 'e1', gatewayId, connectedAt: connectedAt.toISOString() };
  return sessions.put(sessionKey(productKey, deviceName), JSON.stringify(entry));
}
const kicksOf = (deviceName: string) => kicks.filter((kick) => kick.deviceName === deviceName);
const newPassword = (deviceName: string, headers: Readonly<Record<string, string>> = {}) =>
  registry.call(`PUT /products/${productKey}/devices/${deviceName}/credentials`, {
    json: { password: 'another' },
    headers,
  });

test('a new password ends the session that the old one opened, and nobody waits for the log', async () => {
  await using held = new AsyncDisposableStack();
  held.use(await holdBackLog(registry.databaseUrl));
  const session = await connect('pump-1');
  expect(await newPassword('pump-1')).toMatchObject({ status: 200 });
  const kick = { productKey, deviceName: 'pump-1', upToSession: session, reason: 'credentials-changed' };
  await eventually(() => expect(kicksOf('pump-1')).toEqual([kick]));
});

test('a session that was opened with the new password goes on, also when the change is sent again', async () => {
  const headers = { 'idempotency-key': 'new-password-of-pump-2' };
  const published = edge.subscribe(registryEventSubject('device', productKey, 'pump-2'), { max: 1 });
  await newPassword('pump-2', headers);
  // Until auth has heard of it, and a moment longer, nobody knows by which password a device came in.
  for await (const _ of published) break;
  await wait(1_000);
  await connect('pump-2');
  await newPassword('pump-2', headers);
  // Longer than it takes until somebody looks a second time.
  await wait(7_000);
  expect(kicksOf('pump-2')).toEqual([]);
});

test('a session that was under way while the password changed is found by the second look', async () => {
  await newPassword('pump-3');
  await wait(400);
  await connect('pump-3', new Date(Date.now() - 10_000));
  await eventually(() => expect(kicksOf('pump-3')).not.toEqual([]));
});

test('who came back by the old password while a transaction held the log back is ended when auth hears of the new one', async () => {
  await using importing = new AsyncDisposableStack();
  importing.use(await holdBackLog(registry.databaseUrl));
  const first = await connect('pump-4');
  await newPassword('pump-4');
  await eventually(() => expect(kicksOf('pump-4')).toMatchObject([{ upToSession: first }]));
  const second = await connect('pump-4');
  await importing.disposeAsync();
  await eventually(() => expect(kicksOf('pump-4').at(-1)).toMatchObject({ upToSession: second }));
});
