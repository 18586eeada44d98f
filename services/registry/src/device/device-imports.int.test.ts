import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain } from '../domain-on-database.ts';
import {
  createGateway,
  startServedRegistry,
  type ApiRequest,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

let registry: ServedRegistry;
let productKey: string;

beforeAll(async () => {
  registry = await startServedRegistry();
  ({ productKey } = await createGateway(registry, 'imports'));
});
afterAll(() => registry[Symbol.asyncDispose]());

const csv = { 'content-type': 'text/csv' };
const get = (path: string) => registry.call(`GET /products/${productKey}${path}`);
const send = (request: ApiRequest, query = '') =>
  registry.call(`POST /products/${productKey}/devices:import${query}`, request);

test('an import can be looked at afterwards: who, when, how many', async () => {
  const { body } = await send({ json: { devices: [{ username: 'meter-1', password: 'pw', sn: 'SN_1' }] } });
  expect(body).toMatchObject({ dryRun: false, rows: 1, imported: 1, errors: [] });
  const shown = await get(`/imports/${body.importId}`);
  expect(shown).toMatchObject({
    status: 200,
    body: {
      importId: body.importId,
      productKey,
      state: 'succeeded',
      dryRun: false,
      actor: 'bootstrap',
      rows: 1,
      rowsDone: 1,
      imported: 1,
      invalidRows: 0,
      failure: null,
    },
  });
  expect(Date.parse(shown.body.finishedAt)).toBeGreaterThanOrEqual(Date.parse(shown.body.startedAt));
});

test('the rows that were wrong can be had as CSV, without their passwords', async () => {
  const text =
    '\uFEFFPassword,SN,UserName\r\nhunter2-secret,SN_1,meter-2\r\n"hunter2 secret",S-1,"=cmd,1"\r\n';
  const refused = await send({ text, headers: csv });
  expect(refused).toMatchObject({ status: 400, body: { code: 'REGISTRY_IMPORT_ROWS_INVALID' } });
  const { body } = await get('/imports?limit=1');
  const [{ importId }] = body.items;
  expect(body.items).toMatchObject([
    { state: 'failed', invalidRows: 1, imported: 0, failure: { code: 'REGISTRY_IMPORT_ROWS_INVALID' } },
  ]);
  expect(refused.body.detail).toContain(importId);

  const rows = await get(`/imports/${importId}/invalid-rows`);
  expect(rows.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(rows.body.split('\r\n')).toEqual([
    'UserName,SN,Line,Field,Reason',
    `"'=cmd,1",S-1,3,username,"may hold letters, digits, - _ @ . : only"`,
    `"'=cmd,1",S-1,3,password,"may hold letters, digits, - _ @ . : only"`,
    `"'=cmd,1",S-1,3,sn,"may hold letters, digits and _ only"`,
    '',
  ]);
  expect(rows.body).not.toContain('hunter2');
});

test('a dry run is an operation too, and imports nothing', async () => {
  const devices = [
    { username: 'dry-1', password: 'pw' },
    { username: 'dry-1', password: 'pw' },
  ];
  const { body } = await send({ json: { devices } }, '?dryRun=true');
  expect(body).toMatchObject({
    dryRun: true,
    imported: 0,
    errors: [
      {
        path: 'devices[1].username',
        line: 2,
        field: 'username',
        username: 'dry-1',
        reason: 'is at devices[0] already',
      },
    ],
  });
  expect((await get(`/imports/${body.importId}`)).body).toMatchObject({
    state: 'succeeded',
    dryRun: true,
    imported: 0,
    invalidRows: 1,
  });
  expect((await get(`/imports/${body.importId}/invalid-rows`)).body).toContain('dry-1,,2,username');
  expect((await get('/devices/dry-1')).status).toBe(404);
});

test('a second send with the same Idempotency-Key changes nothing, even at the same moment', async () => {
  const before = (await get('/imports?limit=1000')).body.items.length;
  const request = {
    json: {
      devices: Array.from({ length: 50 }, (_, index) => ({ username: `idem-${index}`, password: 'p' })),
    },
    headers: { 'idempotency-key': 'import-of-monday' },
  };
  const [first, second] = await Promise.all([send(request), send(request)]);
  const third = await send(request);
  expect(first.status).toBe(200);
  expect(second.body).toEqual(first.body);
  expect(third.body).toEqual(first.body);
  expect((await get('/imports?limit=1000')).body.items).toHaveLength(before + 1);
});

test('imports are listed by page, newest first', async () => {
  const first = await get('/imports?limit=2');
  const rest = await get(`/imports?limit=1000&after=${first.body.next}`);
  const ids: string[] = [...first.body.items, ...rest.body.items].map(({ importId }) => importId);
  expect(ids).toEqual(ids.toSorted().toReversed());
  expect(new Set(ids).size).toBe(ids.length);
  expect(rest.body.next).toBeNull();
});

test('an import that is not there, or of another product, is not found', async () => {
  const code = 'REGISTRY_IMPORT_NOT_FOUND';
  expect(await get('/imports/none')).toMatchObject({ status: 404, body: { code } });
  const other = await createGateway(registry, 'other_imports');
  const { body } = await get('/imports?limit=1');
  const [{ importId }] = body.items;
  expect(await registry.call(`GET /products/${other.productKey}/imports/${importId}`)).toMatchObject({
    status: 404,
    body: { code },
  });
  expect(await registry.call('GET /products/a1none/imports')).toMatchObject({ status: 404 });
});

test('an import whose instance is gone is shown as failed', async () => {
  await using domain = await openDomain({ url: registry.databaseUrl, masterKey: '07'.repeat(32) });
  const { productKey: own } = await createGateway(registry, 'interrupted');
  await domain.db
    .insertInto('device_import')
    .values({
      import_id: 'interrupted',
      product_key: own,
      state: 'running',
      is_dry_run: false,
      actor: 'somebody',
      rows: 10,
      seen_at: new Date(Date.now() - 120_000),
      failure_code: null,
      failure_message: null,
      finished_at: null,
    })
    .execute();
  const shown = await registry.call(`GET /products/${own}/imports/interrupted`);
  expect(shown.body).toMatchObject({
    state: 'failed',
    failure: { code: 'REGISTRY_IMPORT_INTERRUPTED' },
  });
});

test('devices are exported as CSV by name, through the filters, without passwords', async () => {
  const { productKey: own } = await createGateway(registry, 'exported');
  const devices = Array.from({ length: 1_200 }, (_, index) => ({
    username: `pump-${String(index).padStart(4, '0')}`,
    password: 'never-shown',
    ...(index % 2 === 0 ? { sn: `SN_${index}` } : {}),
  }));
  await registry.call(`POST /products/${own}/devices:import`, { json: { devices } });
  await registry.call(`POST /products/${own}/devices/pump-0007:disable`);

  const all = await registry.call(`GET /products/${own}/devices:export`);
  expect(all.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(all.headers.get('content-disposition')).toContain(`devices-${own}.csv`);
  const lines: string[] = all.body.trimEnd().split('\r\n');
  expect(lines[0]).toBe('UserName,SN,Status,CreatedAt,ActivatedAt,LastOnlineAt,LastOfflineAt');
  expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(devices.map(({ username }) => username));
  expect(lines[3]).toMatch(/^pump-0002,SN_2,UNACTIVE,\d{4}-[^,]+Z,,,$/);
  expect(all.body).not.toContain('never-shown');

  const disabled = await registry.call(`GET /products/${own}/devices:export?status=DISABLE`);
  expect(disabled.body.split('\r\n')[1]).toMatch(/^pump-0007,,DISABLE,/);
  expect((await registry.call('GET /products/a1none/devices:export')).status).toBe(404);
  expect((await registry.call(`GET /products/${own}/devices/:export`)).body.code).toBe(
    'REGISTRY_DEVICE_NOT_FOUND',
  );
});

test('an import of ten thousand rows leaves other requests their turn', async () => {
  const { productKey: own } = await createGateway(registry, 'turns');
  const devices = Array.from({ length: 10_000 }, (_, index) => ({
    username: `turn-${index}`,
    password: 'p',
  }));
  const done = new AbortController();
  const importing = registry
    .call(`POST /products/${own}/devices:import`, { json: { devices } })
    .finally(() => done.abort());
  const shown: number[] = [];
  while (!done.signal.aborted) {
    const { body } = await registry.call(`GET /products/${own}/imports?limit=1`);
    for (const { rowsDone } of body.items) shown.push(rowsDone);
  }
  expect(await importing).toMatchObject({ status: 200, body: { imported: 10_000 } });
  expect(shown.length).toBeGreaterThan(5);
});
