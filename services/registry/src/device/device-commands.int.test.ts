import { gatewayInput, type GatewayView, type PresenceReport } from '@gatehouse/contracts';
import { createCertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { credentialVersion } from '../schema/migrations/0017-credential-version.ts';
import { sealPasswords } from '../schema/migrations/seal-passwords.ts';
import { SecretSealer } from '../secrets/sealed-secret.ts';
import { rebuildViews } from '../views/rebuild-views.ts';
import type { ImportRow } from './device-import.ts';
import { devicesQuery, type DeviceListRequest } from './device-views.queries.ts';

let database: TestDatabase;
let domain: RegistryDomain;
let gateway: GatewayView;
const context = { actor: 'api-key:test' };
const MASTER_KEY = '12'.repeat(32);
const PASSWORD = 'correct-horse:battery';

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: MASTER_KEY });
  const authority = await createCertificateAuthority();
  const issued = await authority.issueServerCertificate({ commonName: 'localhost' });
  const certificates = { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
  gateway = await domain.gatewayCommands.create(
    gatewayInput.parse({ name: 'plant_7', certificates }),
    context,
  );
});

afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const row = (username: string, line = 1, sn?: string): ImportRow => ({
  line,
  username,
  password: PASSWORD,
  sn,
});
const importRows = (rows: readonly ImportRow[], dryRun = false, asWhom = context) =>
  domain.deviceCommands.import(gateway.productKey, rows, { dryRun }, asWhom);

function report(type: PresenceReport['type'], deviceName: string, session: number): PresenceReport {
  return {
    type,
    gatewayId: gateway.gatewayId,
    productKey: gateway.productKey,
    deviceName,
    session,
    edgeId: `edge-${session % 2}`,
    at: new Date(Date.UTC(2026, 0, 1) + session * 60_000).toISOString(),
    clientId: `client-${session}`,
    remoteAddress: '192.0.2.7',
    protocolVersion: 5,
    ...(type === 'disconnected' ? { reason: 'keep-alive' } : {}),
    traceparent: `00-${'a'.repeat(32)}-${String(session).padStart(16, '0')}-01`,
  };
}

const statusOf = async (deviceName: string) =>
  (await domain.devices.get(gateway.productKey, deviceName)).status;

// The last tests look at what all before them did.

test('ten thousand devices are imported at once, and one row more is refused', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => row(`bulk-${index}`, index + 1, `SN_${index}`));
  await expect(importRows([...rows, row('one-too-many', 10_001)])).rejects.toMatchObject({
    code: 'REGISTRY_IMPORT_TOO_LARGE',
    kind: 'too-large',
  });
  expect(await importRows(rows)).toEqual({
    importId: expect.any(String),
    dryRun: false,
    rows: 10_000,
    imported: 10_000,
    errors: [],
  });
  const { rows: counted } = await sql<{ devices: string; secrets: string; events: string }>`
    select (select count(*) from device_view where device_name like 'bulk-%') as devices,
      (select count(*) from device_secret where device_name like 'bulk-%') as secrets,
      (select count(*) from event where type = 'DeviceImported' and stream_id like '%/bulk-%') as events`.execute(
    domain.db,
  );
  expect(counted).toEqual([{ devices: '10000', secrets: '10000', events: '10000' }]);
  expect(await domain.devices.get(gateway.productKey, 'bulk-77')).toMatchObject({
    sn: 'SN_77',
    status: 'UNACTIVE',
    activatedAt: null,
  });
});

test('one bad row, and none is imported', async () => {
  await importRows([row('taken-1')]);
  const rows = [row('fresh-1', 1), row('no', 2), row('taken-1', 3), row('fresh-1', 4)];
  const errors = [
    { line: 2, field: 'username', username: 'no', reason: 'must have at least 4 characters' },
    { line: 3, field: 'username', username: 'taken-1', reason: 'is taken by a device of this product' },
    { line: 4, field: 'username', username: 'fresh-1', reason: 'is at line 1 already' },
  ];
  expect(await importRows(rows, true)).toMatchObject({ dryRun: true, rows: 4, imported: 0, errors });
  await expect(importRows(rows)).rejects.toMatchObject({
    code: 'REGISTRY_IMPORT_ROWS_INVALID',
    errors: errors.map(({ line, field, reason }) => ({ path: `line ${line}, ${field}`, message: reason })),
  });
  await expect(domain.devices.get(gateway.productKey, 'fresh-1')).rejects.toMatchObject({
    code: 'REGISTRY_DEVICE_NOT_FOUND',
  });
});

test('a dry run imports nothing', async () => {
  expect(await importRows([row('dry-1')], true)).toMatchObject({ imported: 0, errors: [] });
  await expect(domain.devices.get(gateway.productKey, 'dry-1')).rejects.toThrow(/no device dry-1/);
});

test('of two imports of the same names at the same moment one wins', async () => {
  const rows = Array.from({ length: 20 }, (_, index) => row(`race-${index}`, index + 1));
  const outcomes = await Promise.allSettled([importRows(rows), importRows(rows.toReversed())]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const lost = outcomes.find((outcome) => outcome.status === 'rejected');
  expect(lost?.reason).toMatchObject({ code: 'REGISTRY_IMPORT_ROWS_INVALID' });
});

test('an import with a repeated Idempotency-Key is answered as the first time', async () => {
  const repeated = { actor: 'api-key:test', idempotencyKey: 'import-1' };
  const first = await importRows([row('idem-1')], false, repeated);
  expect(await importRows([row('idem-1')], false, repeated)).toEqual(first);
});

test('auth finds the credential of a device, and why there is none', async () => {
  await importRows([row('cred.1')]);
  const { credentials, deviceCommands } = domain;
  const { gatewayId, productKey } = gateway;
  expect(await credentials.find(gatewayId, 'cred.1')).toMatchObject({
    outcome: 'found',
    productKey,
    deviceName: 'cred.1',
    isDisabled: false,
    credentialVersion: 1,
    password: { algorithm: 'scrypt', cost: 16, blockSize: 8, parallelization: 1 },
  });
  expect(await credentials.find(gatewayId, 'nobody')).toEqual({ outcome: 'unknown-device', productKey });
  expect(await credentials.find('gw-none', 'cred.1')).toEqual({ outcome: 'unknown-gateway' });

  const before = await credentials.find(gatewayId, 'cred.1');
  await deviceCommands.disable(productKey, 'cred.1', context);
  expect(await credentials.find(gatewayId, 'cred.1')).toMatchObject({ isDisabled: true });
  await deviceCommands.replaceCredentials(productKey, 'cred.1', 'another', context);
  expect(await credentials.find(gatewayId, 'cred.1')).toMatchObject({ credentialVersion: 3 });
  expect(before).not.toMatchObject({ password: { cost: 512 } });
  expect(await credentials.find(gatewayId, 'cred.1')).toMatchObject({ password: { cost: 512 } });
  await deviceCommands.delete(productKey, 'cred.1', context);
  expect(await credentials.find(gatewayId, 'cred.1')).toEqual({ outcome: 'unknown-device', productKey });
});

test('a stored password hash is sealed for its own device: the rows alone tell nothing', async () => {
  await importRows([row('seal-1', 1), row('seal-2', 2)]);
  const { rows } = await sql<{ text: string }>`
    select device_secret::text as text from device_secret where device_name like 'seal-%'`.execute(domain.db);
  expect(rows).toHaveLength(2);
  for (const { text } of rows) expect(text).not.toMatch(/scrypt|salt|hash|cost/);

  await sql`
    update device_secret set sealed_password = other.sealed_password from device_secret other
    where device_secret.device_name = 'seal-1' and other.device_name = 'seal-2'`.execute(domain.db);
  const find = domain.credentials.find(gateway.gatewayId, 'seal-1');
  await expect(find).rejects.toMatchObject({ code: 'REGISTRY_SECRET_NOT_READABLE' });
});

test('password hashes that stood unsealed are sealed by the migration', async () => {
  await importRows([row('moved-1')]);
  const before = await domain.credentials.find(gateway.gatewayId, 'moved-1');
  if (before.outcome !== 'found') throw new Error(before.outcome);
  await sql`alter table device_secret add column password jsonb`.execute(domain.db);
  await sql`
    alter table device_secret alter column key_id drop not null, alter column sealed_password drop not null`.execute(
    domain.db,
  );
  await sql`
    update device_secret set key_id = null, sealed_password = null, password = ${JSON.stringify(before.password)}
    where device_name = 'moved-1'`.execute(domain.db);
  await sealPasswords(domain.db, new SecretSealer(MASTER_KEY));
  expect(await domain.credentials.find(gateway.gatewayId, 'moved-1')).toEqual(before);
});

test('under which credentials sessions go on is found in the log by the migration', async () => {
  await importRows([row('versions-1'), row('versions-2')]);
  const { gatewayId, productKey } = gateway;
  await domain.deviceCommands.disable(productKey, 'versions-2', context);
  await domain.deviceCommands.replaceCredentials(productKey, 'versions-2', 'another', context);
  await domain.deviceCommands.enable(productKey, 'versions-2', context);
  await sql`alter table device_view drop column credential_version`.execute(domain.db);
  await credentialVersion.up(domain.db as unknown as Kysely<unknown>);
  expect(await domain.credentials.find(gatewayId, 'versions-1')).toMatchObject({ credentialVersion: 1 });
  expect(await domain.credentials.find(gatewayId, 'versions-2')).toMatchObject({ credentialVersion: 3 });
});

test('a write answers with the device as it is after it', async () => {
  await importRows([row('switch-1')]);
  const { deviceCommands } = domain;
  const { productKey } = gateway;
  expect(await deviceCommands.disable(productKey, 'switch-1', context)).toMatchObject({ status: 'DISABLE' });
  expect(await deviceCommands.disable(productKey, 'switch-1', context)).toMatchObject({ status: 'DISABLE' });
  expect(await deviceCommands.enable(productKey, 'switch-1', context)).toMatchObject({ status: 'UNACTIVE' });
  const { items } = await domain.devices.history(productKey, 'switch-1', { limit: 10 });
  expect(items.map(({ type }) => type)).toEqual(['DeviceEnabled', 'DeviceDisabled', 'DeviceImported']);
});

test('a device goes online and offline, and its history tells the story with its traces', async () => {
  await importRows([row('story-1')]);
  const { deviceCommands, devices } = domain;
  expect(await deviceCommands.recordPresence([report('connected', 'story-1', 5)])).toEqual({
    recorded: 1,
    ignored: 0,
    barred: [],
  });
  expect(await devices.get(gateway.productKey, 'story-1')).toMatchObject({
    status: 'ONLINE',
    edgeId: 'edge-1',
    clientId: 'client-5',
    activatedAt: '2026-01-01T00:05:00.000Z',
    lastOnlineAt: '2026-01-01T00:05:00.000Z',
  });
  await deviceCommands.recordPresence([report('disconnected', 'story-1', 5)]);
  expect(await devices.get(gateway.productKey, 'story-1')).toMatchObject({
    status: 'OFFLINE',
    activatedAt: '2026-01-01T00:05:00.000Z',
    lastOfflineAt: '2026-01-01T00:05:00.000Z',
  });
  const first = await devices.history(gateway.productKey, 'story-1', { limit: 2 });
  expect(first.items.map(({ type, actor }) => [type, actor])).toEqual([
    ['DeviceDisconnected', 'edge:edge-1'],
    ['DeviceConnected', 'edge:edge-1'],
  ]);
  expect(first.items[0]?.traceId).toBe('a'.repeat(32));
  const rest = await devices.history(gateway.productKey, 'story-1', { limit: 2, after: first.next ?? '' });
  expect(rest.items.map(({ type }) => type)).toEqual(['DeviceImported']);
  expect(rest.next).toBeNull();
});

test('presence reports may come twice, late, at once and about unknown devices', async () => {
  await importRows([row('late-1', 1), row('late-2', 2)]);
  const { deviceCommands } = domain;
  const story = [
    report('connected', 'late-1', 7),
    report('connected', 'late-2', 8),
    report('connected', 'late-1', 9),
    report('disconnected', 'late-1', 7),
    report('connected', 'never-imported', 10),
  ];
  expect(await deviceCommands.recordPresence(story)).toEqual({
    recorded: 4,
    ignored: 1,
    barred: [{ productKey: gateway.productKey, deviceName: 'never-imported', reason: 'device-deleted' }],
  });
  await Promise.all([
    deviceCommands.recordPresence(story),
    deviceCommands.recordPresence(story),
    deviceCommands.recordPresence([report('disconnected', 'late-2', 8)]),
  ]);
  expect(await statusOf('late-1')).toBe('ONLINE');
  expect(await statusOf('late-2')).toBe('OFFLINE');
  const { items } = await domain.devices.history(gateway.productKey, 'late-1', { limit: 10 });
  expect(items.map(({ type, data }) => [type, data['session'], data['isSuperseded']])).toEqual([
    ['DeviceDisconnected', 7, true],
    ['DeviceConnected', 9, undefined],
    ['DeviceConnected', 7, undefined],
    ['DeviceImported', undefined, undefined],
  ]);
});

test('a client identifier that PostgreSQL cannot hold does not keep the device offline', async () => {
  await importRows([row('strange-1')]);
  const strange = { ...report('connected', 'strange-1', 30), clientId: 'a\0b\ud800' };
  expect(await domain.deviceCommands.recordPresence([strange])).toMatchObject({ recorded: 1 });
  const { status, clientId } = await domain.devices.get(gateway.productKey, 'strange-1');
  expect([status, clientId]).toEqual(['ONLINE', 'a\uFFFDb\uFFFD']);
});

test('the sessions open at an edge are told, so that they can be closed', async () => {
  await importRows([row('reaped-1', 1), row('reaped-2', 2)]);
  const reports = ['reaped-1', 'reaped-2'].map((name, index): PresenceReport => ({
    ...report('connected', name, 100 + index),
    edgeId: 'edge-lost',
  }));
  await domain.deviceCommands.recordPresence(reports);
  expect(await domain.devices.edgesWithOpenSessions()).toContain('edge-lost');
  const sessions = await domain.devices.openSessionsAt('edge-lost', {
    upToSession: Number.MAX_SAFE_INTEGER,
    limit: 10,
  });
  expect(sessions.map(({ deviceName, session }) => [deviceName, session])).toEqual([
    ['reaped-1', 100],
    ['reaped-2', 101],
  ]);
});

test('a deleted device is imported again under its name, and its former sessions do not count', async () => {
  await importRows([row('again-1')]);
  const { deviceCommands } = domain;
  await deviceCommands.recordPresence([report('connected', 'again-1', 20)]);
  await deviceCommands.delete(gateway.productKey, 'again-1', context);
  await importRows([row('again-1')]);
  await deviceCommands.recordPresence([report('connected', 'again-1', 20)]);
  expect(await statusOf('again-1')).toBe('UNACTIVE');
  await deviceCommands.recordPresence([report('connected', 'again-1', 21)]);
  expect(await statusOf('again-1')).toBe('ONLINE');
});

test('devices are listed by page, status and prefix, in which % and _ stand for themselves', async () => {
  await importRows([row('list_a', 1), row('list_b', 2), row('listxc', 3)]);
  await domain.deviceCommands.disable(gateway.productKey, 'list_b', context);
  const names = async (request: Parameters<RegistryDomain['devices']['list']>[1]) =>
    (await domain.devices.list(gateway.productKey, request)).items.map(({ deviceName }) => deviceName);
  expect(await names({ prefix: 'list_', limit: 10 })).toEqual(['list_a', 'list_b']);
  expect(await names({ prefix: 'list', status: 'DISABLE', limit: 10 })).toEqual(['list_b']);
  expect(await names({ prefix: '%', limit: 10 })).toEqual([]);
  const page = await domain.devices.list(gateway.productKey, { prefix: 'list', limit: 2 });
  expect(page.next).toBe('list_b');
  expect(await names({ prefix: 'list', limit: 2, after: 'list_b' })).toEqual(['listxc']);
  await expect(domain.devices.list('a1none', { limit: 1 })).rejects.toMatchObject({
    code: 'REGISTRY_PRODUCT_NOT_FOUND',
  });
});

test('devices are listed by their serial number, also together with the other filters', async () => {
  await importRows([row('serial-a', 1, 'SN_S'), row('serial-b', 2, 'SN_S'), row('serial-c', 3, 'SN_T')]);
  await domain.deviceCommands.disable(gateway.productKey, 'serial-b', context);
  const names = async (request: DeviceListRequest) =>
    (await domain.devices.list(gateway.productKey, request)).items.map(({ deviceName }) => deviceName);
  expect(await names({ sn: 'SN_S', limit: 10 })).toEqual(['serial-a', 'serial-b']);
  expect(await names({ sn: 'SN_S', limit: 10, after: 'serial-a' })).toEqual(['serial-b']);
  expect(await names({ sn: 'SN_S', status: 'DISABLE', limit: 10 })).toEqual(['serial-b']);
  expect(await names({ sn: 'SN_S', prefix: 'serial-b', limit: 10 })).toEqual(['serial-b']);
  expect(await names({ sn: 'SN_', limit: 10 })).toEqual([]);
});

const filters: DeviceListRequest[] = [undefined, 'bulk-50'].flatMap((prefix) =>
  [undefined, 'UNACTIVE' as const].flatMap((status) =>
    [undefined, 'SN_500'].flatMap((sn) =>
      [undefined, 'bulk-5'].map((after) => ({ prefix, status, sn, after, limit: 50 })),
    ),
  ),
);

test('every combination of filters is answered through an index', async () => {
  await sql`analyze device_view`.execute(domain.db);
  const plans = await Promise.all(
    filters.map(async (request) => {
      const plan = await devicesQuery(domain.db, gateway.productKey, request).explain('text');
      return { request, text: JSON.stringify(plan) };
    }),
  );
  expect(
    plans.filter(({ text }) => !/Index (Only )?Scan/.test(text) || /Seq Scan|Bitmap/.test(text)),
  ).toEqual([]);
});

test('a gateway with an online device is deleted only by force', async () => {
  await importRows([row('online-1')]);
  await domain.deviceCommands.recordPresence([report('connected', 'online-1', 500)]);
  const remove = domain.gatewayCommands.delete(gateway.gatewayId, { force: false }, context);
  await expect(remove).rejects.toMatchObject({ code: 'REGISTRY_GATEWAY_HAS_ONLINE_DEVICES' });
});

test('no event holds a password or its hash', async () => {
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from event
    where event::text like ${`%${PASSWORD}%`} or event::text like '%scrypt%'`.execute(domain.db);
  expect(rows).toEqual([{ count: '0' }]);
});

test('views made anew from the log are the same rows', async () => {
  const draft = { language: 'javascript' as const, code: 'function transformPayload() {}' };
  await domain.scriptCommands.putDraft(gateway.productKey, draft, context);
  await domain.scriptCommands.submit(gateway.productKey, context);
  const rows = async () => {
    const { rows: all } = await sql<{ row: unknown }>`
      select to_jsonb(v) as row from gateway_view v union all
      select to_jsonb(v) from product_view v union all
      select to_jsonb(v) from parsing_script_view v union all
      select to_jsonb(v) from parsing_version_view v union all
      (select to_jsonb(v) from device_view v order by product_key, device_name)`.execute(domain.db);
    return all;
  };
  const before = await rows();
  await rebuildViews(domain.db);
  expect(await rows()).toEqual(before);
});
