import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  gatewayBody,
  importDevices,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

let registry: ServedRegistry;

beforeAll(async () => {
  registry = await startServedRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const problem = (status: number, code: string) => ({
  status,
  body: expect.objectContaining({ type: 'about:blank', status, code, detail: expect.any(String) }),
});

const draft = (code: string) => ({ json: { language: 'javascript', code } });

test('a gateway is created with its product, changed, listed and deleted', async () => {
  const created = await registry.call('POST /gateways', { json: await gatewayBody('plant_1') });
  expect(created).toMatchObject({ status: 201, body: { name: 'plant_1', status: 'starting' } });
  const { gatewayId, productKey } = created.body;
  expect(JSON.stringify(created.body)).not.toContain('PRIVATE KEY');

  const changed = await registry.call(`PATCH /gateways/${gatewayId}`, { json: { name: 'plant_2' } });
  expect(changed).toMatchObject({ status: 200, body: { name: 'plant_2' } });
  expect(await registry.call(`GET /products/${productKey}`)).toMatchObject({
    status: 200,
    body: { name: `Gateway+${gatewayId}` },
  });
  const { body: list } = await registry.call('GET /gateways');
  expect(list.items).toContainEqual(expect.objectContaining({ gatewayId, name: 'plant_2' }));

  expect(await registry.call(`DELETE /gateways/${gatewayId}`)).toMatchObject({ status: 204 });
  expect(await registry.call(`GET /gateways/${gatewayId}`)).toMatchObject(
    problem(404, 'REGISTRY_GATEWAY_NOT_FOUND'),
  );
});

test('a body with an unknown or a wrong field is refused, and the field is named', async () => {
  const body = await gatewayBody('plant_3');
  const unknown = await registry.call('POST /gateways', { json: { ...body, colour: 'red' } });
  expect(unknown).toMatchObject(problem(400, 'HTTP_REQUEST_INVALID'));
  expect(unknown.body.errors).toEqual([expect.objectContaining({ path: 'colour' })]);
  const wrong = await registry.call('POST /gateways', { json: { ...body, port: 80 } });
  expect(wrong.body.errors).toEqual([expect.objectContaining({ path: 'port' })]);
  expect(wrong.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const query = await registry.call('GET /gateways?limit=0');
  expect(query.body.errors).toEqual([expect.objectContaining({ path: 'limit' })]);
});

test('what cannot be read, found or done is a problem too', async () => {
  const headers = { 'content-type': 'application/json' };
  expect(await registry.call('POST /gateways', { text: '{"name":', headers })).toMatchObject(
    problem(400, 'HTTP_BODY_MALFORMED'),
  );
  expect(
    await registry.call('POST /gateways', { text: 'name=x', headers: { 'content-type': 'text/plain' } }),
  ).toMatchObject(problem(415, 'HTTP_MEDIA_TYPE_UNSUPPORTED'));
  expect(await registry.call('GET /nothing')).toMatchObject(problem(404, 'HTTP_ROUTE_UNKNOWN'));
  const wrongMethod = await registry.call('PUT /gateways', { json: {} });
  expect(wrongMethod).toMatchObject(problem(405, 'HTTP_METHOD_NOT_ALLOWED'));
  expect(wrongMethod.headers.get('allow')).toContain('GET');
  expect(await registry.call('GET /products/x/devices:import')).toMatchObject(
    problem(405, 'HTTP_METHOD_NOT_ALLOWED'),
  );
  expect(await registry.call('GET /gateways/%zz')).toMatchObject(problem(400, 'HTTP_URL_MALFORMED'));
  for (const path of ['/gateways/a%00b', '/products/x/devices/a%00b', '/products/x/devices?prefix=%00']) {
    expect(await registry.call(`GET ${path}`)).toMatchObject(problem(400, 'HTTP_URL_MALFORMED'));
  }
  expect(await registry.call(`GET /gateways/${'x'.repeat(400)}`)).toMatchObject(
    problem(414, 'HTTP_URL_TOO_LONG'),
  );
  expect((await fetch(`${registry.url}/elsewhere`)).headers.get('content-type')).toMatch(
    /^application\/problem\+json/,
  );
  const large = await registry.call('POST /gateways', { json: { name: 'x'.repeat(9 * 1024 * 1024) } });
  expect(large).toMatchObject(problem(413, 'HTTP_BODY_TOO_LARGE'));
});

test('without a good key nothing is answered, and nothing of a body is read', async () => {
  const missing = await registry.call('GET /gateways', { key: null });
  expect(missing).toMatchObject(problem(401, 'REGISTRY_API_KEY_MISSING'));
  expect(missing.headers.get('www-authenticate')).toMatch(/^Bearer/);
  expect(await registry.call('GET /gateways', { key: 'wrong' })).toMatchObject(
    problem(401, 'REGISTRY_API_KEY_INVALID'),
  );
  expect(await registry.call('GET /nothing', { key: null })).toMatchObject(
    problem(401, 'REGISTRY_API_KEY_MISSING'),
  );
  const unread = await registry.call('POST /gateways', {
    key: null,
    text: '{',
    headers: { 'content-type': 'application/json' },
  });
  expect(unread).toMatchObject(problem(401, 'REGISTRY_API_KEY_MISSING'));
});

test('a key may do what its role may, until it is revoked', async () => {
  const created = await registry.call('POST /api-keys', { json: { name: 'line 7', role: 'operator' } });
  expect(created).toMatchObject({ status: 201, body: { name: 'line 7', createdBy: 'bootstrap' } });
  const { key, apiKeyId } = created.body;
  expect(key).toMatch(/^gh_[\w-]{43}$/);

  expect(await registry.call('GET /gateways', { key })).toMatchObject({ status: 200 });
  expect(await registry.call('POST /gateways', { key, json: {} })).toMatchObject(
    problem(403, 'REGISTRY_ROLE_INSUFFICIENT'),
  );
  const { productKey } = await createGateway(registry, 'plant_4');
  const imported = await registry.call(`POST /products/${productKey}/devices:import`, {
    key,
    json: { devices: [{ username: 'pump-7', password: 'x' }] },
  });
  expect(imported).toMatchObject({ status: 200, body: { imported: 1 } });
  const history = await registry.call(`GET /products/${productKey}/devices/pump-7/events`, { key });
  expect(history.body.items[0]).toMatchObject({ type: 'DeviceImported', actor: 'line 7' });

  const { body: keys } = await registry.call('GET /api-keys');
  expect(keys.items).toEqual([expect.objectContaining({ apiKeyId, role: 'operator' })]);
  expect(JSON.stringify(keys)).not.toContain(key);
  expect(await registry.call('POST /api-keys', { json: { name: 'line 7', role: 'viewer' } })).toMatchObject(
    problem(409, 'REGISTRY_API_KEY_NAME_TAKEN'),
  );

  expect(await registry.call(`DELETE /api-keys/${apiKeyId}`)).toMatchObject({ status: 204 });
  expect(await registry.call('GET /gateways', { key })).toMatchObject(
    problem(401, 'REGISTRY_API_KEY_INVALID'),
  );
  expect(await registry.call('DELETE /api-keys/none')).toMatchObject(
    problem(404, 'REGISTRY_API_KEY_NOT_FOUND'),
  );
});

test.each(['application/json', 'text/plain'])('a request without a body may say %s', async (type) => {
  const { productKey } = await createGateway(registry, `p_${Math.random().toString(36).slice(2, 10)}`);
  await importDevices(registry, productKey, 'dev-a');
  const headers = { 'content-type': type };
  const path = `/products/${productKey}/devices/dev-a`;
  expect(await registry.call(`POST ${path}:disable`, { headers })).toMatchObject({ status: 200 });
  expect(await registry.call(`DELETE ${path}`, { headers })).toMatchObject({ status: 204 });
  expect(await registry.call('POST /gateways', { headers })).toMatchObject(
    problem(400, 'HTTP_REQUEST_INVALID'),
  );
});

test('lists page by key', async () => {
  const { productKey } = await createGateway(registry, 'plant_5');
  await importDevices(registry, productKey, 'dev-a', 'dev-b', 'dev-c');
  const first = await registry.call(`GET /products/${productKey}/devices?limit=2`);
  expect(first.body.items.map((each: { deviceName: string }) => each.deviceName)).toEqual(['dev-a', 'dev-b']);
  const second = await registry.call(
    `GET /products/${productKey}/devices?limit=2&after=${encodeURIComponent(first.body.next)}`,
  );
  expect(second.body).toMatchObject({ items: [{ deviceName: 'dev-c' }], next: null });
});

test.each(['a:b:disable', 'a@b.c', 'devices:import', '::::'])('a device may be called %s', async (name) => {
  const { productKey } = await createGateway(registry, `p_${Math.random().toString(36).slice(2, 10)}`);
  await importDevices(registry, productKey, name, 'another');
  const base = `/products/${productKey}/devices`;
  for (const written of [name, encodeURIComponent(name)]) {
    expect(await registry.call(`GET ${base}/${written}`)).toMatchObject({ body: { deviceName: name } });
    expect(await registry.call(`POST ${base}/${written}:disable`)).toMatchObject({
      status: 200,
      body: { deviceName: name, status: 'DISABLE' },
    });
    expect(await registry.call(`POST ${base}/${written}:enable`)).toMatchObject({
      status: 200,
      body: { deviceName: name, status: 'UNACTIVE' },
    });
  }
  expect(await registry.call(`GET ${base}/another`)).toMatchObject({ body: { status: 'UNACTIVE' } });
  expect(await registry.call(`DELETE ${base}/${encodeURIComponent(name)}`)).toMatchObject({ status: 204 });
});

test('devices come as CSV too, a dry run imports none, and a bad row is named by its line', async () => {
  const { productKey } = await createGateway(registry, 'plant_6');
  const headers = { 'content-type': 'text/csv; charset=utf-8' };
  const csv = 'UserName,Password,SN\r\nmeter-1,pw1,SN_1\r\nmeter-2,pw2,\r\n';
  const path = `POST /products/${productKey}/devices:import`;
  expect(await registry.call(`${path}?dryRun=true`, { text: csv, headers })).toMatchObject({
    status: 200,
    body: { dryRun: true, rows: 2, imported: 0, errors: [] },
  });
  expect(await registry.call(path, { text: csv, headers })).toMatchObject({ body: { imported: 2 } });
  const bad = await registry.call(path, { text: 'UserName,Password,SN\nx,pw,\n', headers });
  expect(bad.status).toBe(400);
  expect(JSON.stringify(bad.body.errors)).toContain('2');
  const empty = await registry.call(path, { json: { devices: [], more: 1 } });
  expect(empty).toMatchObject(problem(400, 'HTTP_REQUEST_INVALID'));
});

test('a write that is repeated with its Idempotency-Key is carried out once', async () => {
  const json = await gatewayBody('plant_7');
  const headers = { 'idempotency-key': 'once' };
  const first = await registry.call('POST /gateways', { json, headers });
  const again = await registry.call('POST /gateways', { json, headers });
  expect(again.body.gatewayId).toBe(first.body.gatewayId);
  expect(
    await registry.call('POST /gateways', { json: { ...json, name: 'plant_8' }, headers }),
  ).toMatchObject(problem(409, 'REGISTRY_IDEMPOTENCY_KEY_REUSED'));
  expect(
    await registry.call('POST /gateways', { json, headers: { 'idempotency-key': 'a b' } }),
  ).toMatchObject(problem(400, 'HTTP_REQUEST_INVALID'));
});

test('a parsing script is drafted, submitted, replaced and restored', async () => {
  const { productKey } = await createGateway(registry, 'plant_9');
  const base = `/products/${productKey}/parsing`;
  expect(await registry.call(`GET ${base}/draft`)).toMatchObject({ status: 404 });
  expect(await registry.call(`PUT ${base}/draft`, draft('one'))).toMatchObject({ body: { code: 'one' } });
  expect(await registry.call(`POST ${base}/draft:submit`)).toMatchObject({
    status: 201,
    body: { version: 1, isInForce: true },
  });
  await registry.call(`PUT ${base}/draft`, draft('two'));
  await registry.call(`POST ${base}/draft:submit`);
  expect(await registry.call(`POST ${base}/versions/1:restore`)).toMatchObject({
    status: 200,
    body: { version: 1, isInForce: true },
  });
  const { body } = await registry.call(`GET ${base}/versions`);
  expect(body.items.map((each: { version: number }) => each.version)).toEqual([2, 1]);
  expect(await registry.call(`POST ${base}/versions/x:restore`)).toMatchObject(
    problem(400, 'HTTP_REQUEST_INVALID'),
  );
  expect(await registry.call(`DELETE ${base}/draft`)).toMatchObject({ status: 204 });
});

test('the whole log is read page by page, and by stream', async () => {
  const { gatewayId } = await createGateway(registry, 'plant_10');
  const readAll = async () => {
    const all: { globalPosition: string; stream: string }[] = [];
    for (let after = '0'; ;) {
      const { body } = await registry.call(`GET /events?limit=5&after=${after}`);
      all.push(...body.items);
      if (body.next === null) return all;
      after = body.next;
    }
  };
  // Transactions of other tests on the same server hold readers of the log back for a moment.
  const all = await eventually(async () => {
    const found = await readAll();
    expect(found.map(({ stream }) => stream)).toContain(`gateway/${gatewayId}`);
    return found;
  });
  expect(new Set(all.map(({ globalPosition }) => globalPosition)).size).toBe(all.length);
  const { body } = await registry.call(`GET /events?stream=gateway/${gatewayId}`);
  expect(body.items).toEqual([
    expect.objectContaining({ type: 'GatewayCreated', version: 1, actor: 'bootstrap' }),
  ]);
  expect(await registry.call('GET /events?after=999999999')).toMatchObject(
    problem(400, 'HTTP_REQUEST_INVALID'),
  );
});

test('the API is described, and the page to browse it comes from here', async () => {
  const description = await registry.call('GET /openapi.json', { key: null });
  expect(description).toMatchObject({ status: 200, body: { openapi: '3.1.0' } });
  const page = await (await fetch(`${registry.url}/api/docs`)).text();
  for (const [, asset] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect(asset).toMatch(/^\/api\/docs\//);
    expect((await fetch(`${registry.url}${asset}`)).status).toBe(200);
  }
});

test('a message that is sent again with its Idempotency-Key is answered as it was, and not sent', async () => {
  const { productKey } = await createGateway(registry, 'plant_again');
  await importDevices(registry, productKey, 'pump-1');
  const path = `POST /products/${productKey}/devices/pump-1/messages`;
  const message = { json: { topic: 'down/valve', payload: '' }, headers: { 'idempotency-key': 'open-once' } };
  const first = await registry.call(path, message);
  expect(first).toMatchObject({ status: 200, body: { outcome: 'offline' } });
  expect((await registry.call(path, message)).body).toEqual(first.body);

  const other = { ...message, json: { ...message.json, topic: 'down/pump' } };
  expect(await registry.call(path, other)).toMatchObject(problem(409, 'REGISTRY_IDEMPOTENCY_KEY_REUSED'));
});
