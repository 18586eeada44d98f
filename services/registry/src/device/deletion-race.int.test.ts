import { gatewayInput, type PresenceReport } from '@gatehouse/contracts';
import { createCertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, eventually } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';

const resources = new AsyncDisposableStack();
const context = { actor: 'api-key:test' };
let domain: RegistryDomain;

beforeAll(async () => {
  const { url } = resources.use(await createTestDatabase());
  domain = resources.use(await openDomain({ url, masterKey: '12'.repeat(32) }));
});
afterAll(() => resources.disposeAsync());

async function gatewayWithDevice(name: string) {
  const authority = await createCertificateAuthority();
  const issued = await authority.issueServerCertificate({ commonName: 'localhost' });
  const certificates = { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
  const gateway = await domain.gatewayCommands.create(gatewayInput.parse({ name, certificates }), context);
  const rows = [{ line: 1, username: 'pump-7', password: 'secret', sn: undefined }];
  await domain.deviceCommands.import(gateway.productKey, rows, { dryRun: false }, context);
  return gateway;
}

const connected = (gatewayId: string, productKey: string): PresenceReport => ({
  type: 'connected',
  gatewayId,
  productKey,
  deviceName: 'pump-7',
  session: 1,
  edgeId: 'edge-1',
  at: '2026-01-01T00:00:00.000Z',
  clientId: 'client-1',
  remoteAddress: '192.0.2.7',
  protocolVersion: 5,
});

/** Holds back whoever is about to write a device's row, having read it, while `work` runs. */
async function whileRowsAreHeld(work: () => Promise<void>): Promise<void> {
  await sql`
    create function wait_for_test() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared(4711); return new; end $$`.execute(domain.db);
  await sql`
    create trigger wait_for_test before insert on device_view for each row execute function wait_for_test()`.execute(
    domain.db,
  );
  await domain.db.transaction().execute(async (holder) => {
    await sql`select pg_advisory_xact_lock(4711)`.execute(holder);
    await work();
  });
}

async function waiting(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct pid)::int as count from pg_locks
    where not granted
      and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(domain.db);
  return rows[0]?.count ?? 0;
}

test('a device does not outlive its gateway by a report that comes while the gateway is deleted', async () => {
  const { gatewayId, productKey } = await gatewayWithDevice('plant_1');
  let recorded: Promise<unknown> = Promise.resolve();
  let deleted: Promise<unknown> = Promise.resolve();
  await whileRowsAreHeld(async () => {
    recorded = domain.deviceCommands.recordPresence([connected(gatewayId, productKey)]);
    await eventually(async () => expect(await waiting()).toBe(1));
    let isDeleted = false;
    deleted = domain.gatewayCommands
      .delete(gatewayId, { force: true }, context)
      .finally(() => (isDeleted = true));
    await eventually(async () => expect(isDeleted || (await waiting()) === 2).toBe(true));
  });
  await Promise.all([recorded, deleted]);
  const rows = await domain.db
    .selectFrom('device_view')
    .select('device_name')
    .where('product_key', '=', productKey)
    .execute();
  expect(rows).toEqual([]);
});

test('what comes after the deletion of the gateway is not written down', async () => {
  await sql`drop trigger if exists wait_for_test on device_view`.execute(domain.db);
  const { gatewayId, productKey } = await gatewayWithDevice('plant_2');
  await domain.gatewayCommands.delete(gatewayId, { force: true }, context);
  expect(await domain.deviceCommands.recordPresence([connected(gatewayId, productKey)])).toEqual({
    recorded: 0,
    ignored: 1,
    barred: [{ productKey, deviceName: 'pump-7', reason: 'device-deleted' }],
  });
  await expect(domain.deviceCommands.delete(productKey, 'pump-7', context)).rejects.toMatchObject({
    code: 'REGISTRY_DEVICE_NOT_FOUND',
  });
});
