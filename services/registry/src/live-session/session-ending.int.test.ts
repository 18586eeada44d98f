import { kickSession, sessionKey, SESSIONS_BUCKET, type RequestOf } from '@gatehouse/contracts';
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
      // As an edge does: only the session that is meant, and only once. What comes when the tests are over has no answer.
      sessions
        .delete(sessionKey(kick.productKey, kick.deviceName), { previousSeq: kick.upToSession })
        .catch(() => undefined)
        .then(() => message.respond(JSON.stringify({ ended: true })))
        .catch(() => undefined);
    },
  });
});
afterAll(() => resources.disposeAsync());

/** @param credentialVersion the device's, under which auth admitted it; 1 is that of its import */
function connect(deviceName: string, credentialVersion: number): Promise<number> {
  const connectedAt = new Date().toISOString();
  const entry = { edgeId: 'e1', gatewayId, connectedAt, credentialVersion };
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
  const session = await connect('pump-1', 1);
  expect(await newPassword('pump-1')).toMatchObject({ status: 200 });
  const kick = { productKey, deviceName: 'pump-1', upToSession: session, reason: 'credentials-changed' };
  await eventually(() => expect(kicksOf('pump-1')).toEqual([kick]));
});

test('a session that was opened with the new password goes on, also when the change is sent again', async () => {
  const headers = { 'idempotency-key': 'new-password-of-pump-2' };
  await connect('pump-2', 2);
  await newPassword('pump-2', headers);
  await newPassword('pump-2', headers);
  // By then it was looked at by who took the change, by the log, and once more.
  await wait(7_000);
  expect(kicksOf('pump-2')).toEqual([]);
});

test('who came in by the old password after the change is ended when it is looked for again', async () => {
  const first = await connect('pump-3', 1);
  await newPassword('pump-3');
  const kick = { productKey, deviceName: 'pump-3', reason: 'credentials-changed' };
  // By the instance that took the change and by the log, which may both find it.
  await eventually(() => expect(kicksOf('pump-3')).toContainEqual({ ...kick, upToSession: first }));
  // Auth had not heard of the change yet.
  const second = await connect('pump-3', 1);
  await eventually(() => expect(kicksOf('pump-3').at(-1)).toEqual({ ...kick, upToSession: second }));
});

test('the session of a device that was deleted ends although another one was imported under its name', async () => {
  await using held = new AsyncDisposableStack();
  held.use(await holdBackLog(registry.databaseUrl));
  const session = await connect('pump-4', 1);
  await registry.call(`DELETE /products/${productKey}/devices/pump-4`);
  // Before anybody has looked for the session.
  await importDevices(registry, productKey, 'pump-4');
  const kick = { productKey, deviceName: 'pump-4', upToSession: session, reason: 'device-deleted' };
  await eventually(() => expect(kicksOf('pump-4')).toEqual([kick]));
});
