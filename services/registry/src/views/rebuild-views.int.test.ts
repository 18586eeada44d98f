import { gatewayInput, type GatewayView } from '@gatehouse/contracts';
import { buildCertificateRequest, createCertificateAuthority, TestAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { rebuildViews, verifyViews } from './rebuild-views.ts';
import { viewTables } from './shadow-views.ts';

let database: TestDatabase;
let domain: RegistryDomain;
let gateway: GatewayView;
const context = { actor: 'tester' };

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  gateway = await createGateway('plant_1', 8_883);
  await importDevices(0, 300);
  await useAuthorities();
});
afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function createGateway(name: string, port: number): Promise<GatewayView> {
  const authority = await createCertificateAuthority();
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
  });
  const input = gatewayInput.parse({
    name,
    port,
    certificates: { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem },
  });
  return domain.gatewayCommands.create(input, context);
}

/** One with a certificate that is revoked and one that is not, and one that is gone. */
async function useAuthorities(): Promise<void> {
  const { authorityCommands, issuedCertificateCommands: issuing } = domain;
  const csr = buildCertificateRequest({ commonName: 'pump-7', key: TestAuthority.createRoot().key });
  const request = { csr, usage: 'client', days: 30 } as const;
  const { authorityId } = await authorityCommands.create({ commonName: 'Pumps', days: 365 }, context);
  const { serialNumber } = await issuing.issue(authorityId, request, context);
  await issuing.issue(authorityId, request, context);
  await issuing.revoke(authorityId, serialNumber, { reason: 'superseded', context });
  const gone = await authorityCommands.create({ commonName: 'Gone', days: 365 }, context);
  await issuing.issue(gone.authorityId, request, context);
  await authorityCommands.delete(gone.authorityId, context);
}

async function importDevices(from: number, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    line: index + 1,
    username: `pump-${from + index}`,
    password: 'secret',
    sn: undefined,
  }));
  await domain.deviceCommands.import(gateway.productKey, rows, { dryRun: false }, context);
}

const fakeDevice = (name: string) => sql`
  insert into device_view (product_key, device_name, stream_version, is_disabled, credential_version, is_online,
    session, open_sessions, created_at, updated_at)
  values (${gateway.productKey}, ${name}, 1, false, 1, false, 0, '[]', now(), now())`;

async function constraintsOf(tables: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ definition: string }>`
    select indexdef as definition from pg_indexes
    where schemaname = current_schema() and tablename = any(${tables}::text[]) order by 1`.execute(domain.db);
  return rows.map(({ definition }) => definition);
}

test('views that were damaged are what they were, with every index under its name', async () => {
  const { db } = domain;
  const tables = await viewTables(db);
  expect(tables).toContain('device_view');
  const indexes = await constraintsOf(tables);
  await sql`delete from device_view where device_name = 'pump-7'`.execute(db);
  await sql`update gateway_view set name = 'wrong'`.execute(db);
  await sql`update issued_certificate_view set revoked_at = null`.execute(db);
  await fakeDevice('ghost').execute(db);

  const found = await verifyViews(db);
  expect(found.find(({ view }) => view === 'device_view')).toMatchObject({ unexplained: 1, missing: 1 });
  expect(found.find(({ view }) => view === 'gateway_view')).toMatchObject({ unexplained: 1, missing: 1 });
  expect(found.find(({ view }) => view === 'product_view')).toMatchObject({ unexplained: 0, missing: 0 });
  expect(found.find(({ view }) => view === 'issued_certificate_view')).toMatchObject({
    rows: 2,
    unexplained: 1,
    missing: 1,
  });
  expect(found.flatMap(({ examples }) => examples).join('\n')).toContain('ghost');

  const progress: number[] = [];
  const events = await rebuildViews(db, { onProgress: (soFar) => progress.push(soFar) });
  expect(progress.at(-1)).toBe(events);
  expect(await constraintsOf(tables)).toEqual(indexes);
  expect((await verifyViews(db)).every((view) => view.unexplained + view.missing === 0)).toBe(true);
  expect(await domain.gateways.get(gateway.gatewayId)).toMatchObject({ name: 'plant_1' });
  await expect(createGateway('plant_1', 8_884)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_NAME_TAKEN',
  });
});

test('reads and writes go on while views are rebuilt, and nothing of them is lost', async () => {
  const done = new AbortController();
  const reads: string[] = [];
  const reading = (async () => {
    while (!done.signal.aborted) {
      reads.push((await domain.devices.get(gateway.productKey, 'pump-1')).deviceName);
    }
  })();
  const writing = (async () => {
    let next = 1_000;
    for (; !done.signal.aborted; next += 5) {
      await importDevices(next, 5);
      await domain.deviceCommands.disable(gateway.productKey, `pump-${next}`, context);
    }
    return next - 1_000;
  })();
  for (let round = 0; round < 3 || reads.length <= 10; round += 1) await rebuildViews(domain.db);
  done.abort();
  await reading;
  const written = await writing;

  expect(written).toBeGreaterThan(0);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from device_view`.execute(domain.db);
  expect(rows[0]?.count).toBe(300 + written);
  expect((await verifyViews(domain.db)).every((view) => view.unexplained + view.missing === 0)).toBe(true);
});
