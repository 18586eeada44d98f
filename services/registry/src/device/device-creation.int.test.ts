import { gatewayInput, type GatewayView } from '@gatehouse/contracts';
import { createCertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, eventually, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { notificationOf } from '../publication/device-notification.ts';
import { readStream } from '../event-log/read-events.ts';
import { deviceStream } from '../stream-names.ts';
import { verifyViews } from '../views/rebuild-views.ts';
import { DeviceCreation } from './device-creation.ts';

let database: TestDatabase;
let domain: RegistryDomain;
/** Another instance of the registry on the same database. */
let other: RegistryDomain;
let creation: DeviceCreation;
let otherCreation: DeviceCreation;
let gateway: GatewayView;
let nextPort = 20_000;
const context = { actor: 'api-key:test' };

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { url: database.url, masterKey: '12'.repeat(32) };
  domain = await openDomain(options);
  other = await openDomain(options);
  creation = new DeviceCreation(domain.db, domain.transactions);
  otherCreation = new DeviceCreation(other.db, other.transactions);
  gateway = await createGateway();
});

afterAll(async () => {
  await other[Symbol.asyncDispose]();
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function createGateway(): Promise<GatewayView> {
  const authority = await createCertificateAuthority();
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
  });
  nextPort += 1;
  const input = gatewayInput.parse({
    name: `plant_${nextPort}`,
    port: nextPort,
    authentication: { type: 'third-party', method: 'https', url: 'https://auth.example.com' },
    certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem },
  });
  return domain.gatewayCommands.create(input, context);
}

const historyOf = (deviceName: string) => readStream(domain.db, deviceStream(gateway.productKey, deviceName));
const ready = (deviceName: string, isNew: boolean, isDisabled = false, credentialVersion = 1) => ({
  outcome: 'ready',
  productKey: gateway.productKey,
  deviceName,
  isDisabled,
  credentialVersion,
  isNew,
});

test('a device that an authenticator names is made once, by that authenticator, and announced', async () => {
  const { gatewayId, productKey } = gateway;
  expect(await creation.ensure(gatewayId, 'pump-1')).toEqual(ready('pump-1', true));
  expect(await creation.ensure(gatewayId, 'pump-1')).toEqual(ready('pump-1', false));
  expect(await domain.devices.get(productKey, 'pump-1')).toMatchObject({ status: 'UNACTIVE', sn: null });
  const [created, ...more] = await historyOf('pump-1');
  expect(more).toEqual([]);
  expect(created).toMatchObject({
    type: 'DeviceCreated',
    metadata: { actor: `authenticator:${gatewayId}` },
  });
  expect(created && notificationOf(created)).toMatchObject({
    subject: `lifecycle.v1.${productKey}.pump-1`,
    payload: { action: 'create', deviceName: 'pump-1' },
  });
});

test('however many ask at the same time, at several instances, one device is made', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `storm-${index % 10}`);
  const answers = await Promise.all(
    names.flatMap((name) => [creation, otherCreation].map((each) => each.ensure(gateway.gatewayId, name))),
  );
  expect(answers.filter((answer) => answer.outcome === 'ready' && answer.isNew)).toHaveLength(10);
  expect(answers.every(({ outcome }) => outcome === 'ready')).toBe(true);
  const histories = await Promise.all([...new Set(names)].map(historyOf));
  expect(histories.every(({ length }) => length === 1)).toBe(true);
  // The first goes alone at each instance, the others share.
  expect(new Set(histories.flat().map((event) => event.transactionId)).size).toBeLessThanOrEqual(4);
});

test('a disabled device stays disabled, and a deleted one is made anew', async () => {
  const { gatewayId, productKey } = gateway;
  await creation.ensure(gatewayId, 'pump-2');
  await domain.deviceCommands.disable(productKey, 'pump-2', context);
  expect(await creation.ensure(gatewayId, 'pump-2')).toEqual(ready('pump-2', false, true));
  await domain.deviceCommands.delete(productKey, 'pump-2', context);
  expect(await creation.ensure(gatewayId, 'pump-2')).toEqual(ready('pump-2', true, false, 4));
  expect(await creation.ensure(gatewayId, 'pump-2')).toEqual(ready('pump-2', false, false, 4));
  expect((await historyOf('pump-2')).map(({ type }) => type)).toEqual([
    'DeviceCreated',
    'DeviceDisabled',
    'DeviceDeleted',
    'DeviceCreated',
  ]);
});

test('a name that can be no device is refused, and a gateway that is not there is told', async () => {
  for (const name of ['', 'abc', 'a b c d', 'x'.repeat(33), 'pump/7', 'pümp-7']) {
    await expect(creation.ensure(gateway.gatewayId, name)).rejects.toMatchObject({
      code: 'REGISTRY_DEVICE_NAME_INVALID',
    });
  }
  expect(await creation.ensure('gw-none', 'pump-3')).toEqual({ outcome: 'unknown-gateway' });
});

test('no device is left behind when its gateway is deleted while it is made', async () => {
  const going = await createGateway();
  const names = Array.from({ length: 20 }, (_, index) => `late-${index}`);
  const asking = names.map((name) => otherCreation.ensure(going.gatewayId, name));
  await domain.gatewayCommands.delete(going.gatewayId, { force: true }, context);
  await Promise.all(asking);
  const left = await sql`
    select from device_view where product_key = ${going.productKey}`.execute(domain.db);
  expect(left.rows).toEqual([]);
});

test('who asks after a device was disabled is told so, though the same was being asked before', async () => {
  const [busy, slow] = [await createGateway(), await createGateway()];
  const asker = new DeviceCreation(domain.db, domain.transactions);
  await asker.ensure(gateway.gatewayId, 'pump-4');
  const [first, second] = [await held(busy.productKey), await held(slow.productKey)];
  const alone = asker.ensure(busy.gatewayId, 'made-1');
  // These two are one batch: the first is looked up, then the second waits to be made.
  const before = asker.ensure(gateway.gatewayId, 'pump-4');
  const made = asker.ensure(slow.gatewayId, 'made-2');
  await first.release();
  await alone;
  await eventually(async () => expect(await second.waiting()).toBe(1));
  await domain.deviceCommands.disable(gateway.productKey, 'pump-4', context);
  const after = asker.ensure(gateway.gatewayId, 'pump-4');
  await second.release();
  await made;
  expect(await before).toEqual(ready('pump-4', false));
  expect(await after).toEqual(ready('pump-4', false, true));
});

/** Whoever makes devices of the product waits until it is released. */
async function held(productKey: string) {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query('select from product_view where product_key = $1 for update', [productKey]);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid;
  return {
    async waiting() {
      const blocked = await client.query(
        'select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))',
        [pid],
      );
      return blocked.rowCount;
    },
    async release() {
      await client.query('commit');
      await client.end();
    },
  };
}

test('the log makes the same rows, also of devices that were made while their gateway went', async () => {
  const differences = await verifyViews(domain.db);
  expect(differences.filter(({ unexplained, missing }) => unexplained + missing > 0)).toEqual([]);
});
