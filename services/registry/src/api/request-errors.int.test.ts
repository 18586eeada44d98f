import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  gatewayBody,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

let registry: ServedRegistry;
let productKey: string;
let gatewayId: string;

beforeAll(async () => {
  registry = await startServedRegistry();
  ({ productKey, gatewayId } = await createGateway(registry, 'plant_1'));
});
afterAll(() => registry[Symbol.asyncDispose]());

/** Path and message of each error of a request that is refused for its form. */
async function errorsOf(methodAndPath: string, json?: unknown): Promise<Record<string, string>> {
  const filled = methodAndPath.replace('{p}', productKey).replace('{g}', gatewayId);
  const { status, body } = await registry.call(filled, json === undefined ? {} : { json });
  expect([filled, status, body.code]).toEqual([filled, 400, 'HTTP_REQUEST_INVALID']);
  return Object.fromEntries(
    body.errors.map(({ path, message }: { path: string; message: string }) => [path, message]),
  );
}

test('a body is refused with what was found, what is allowed, and the place of each', async () => {
  const body = await gatewayBody('plant_2');
  expect(
    await errorsOf('POST /gateways', { ...body, port: 80, hostName: 'a.example', limits: { keepalive: 1 } }),
  ).toEqual({
    port: 'must be at least 1024, not 80',
    hostName: 'is unknown; did you mean hostname?',
    'limits.keepalive': 'is unknown; did you mean keepAlive?',
  });
  expect(await errorsOf('POST /api-keys', [])).toEqual({ '': 'the body must be an object, not a list' });
  expect(
    await errorsOf('POST /products/{p}/devices/pump-7/messages', { topic: 'a', payload: '', qos: 2 }),
  ).toEqual({
    qos: 'must be 0 or 1, not 2',
  });
});

test.each([
  ['GET /gateways?limit=abc', { limit: 'must be a whole number, not "abc"' }],
  ['GET /gateways?limit=1.5', { limit: 'must be a whole number, not "1.5"' }],
  ['GET /gateways?limit=1e2', { limit: 'must be a whole number, not "1e2"' }],
  ['GET /gateways?limit=-5', { limit: 'must be a whole number, not "-5"' }],
  ['GET /gateways?limit=', { limit: 'must be a whole number, not ""' }],
  ['GET /gateways?limit=0', { limit: 'must be at least 1, not 0' }],
  ['GET /gateways?limit=1001', { limit: 'must be at most 1000, not 1001' }],
  ['GET /gateways?limit=1&limit=2', { limit: 'is given more than once' }],
  ['GET /gateways?after=a&after=b', { after: 'is given more than once' }],
  ['GET /gateways?limits=5', { limits: 'is unknown; did you mean limit?' }],
  ['GET /gateways/{g}/events?before=-5', { before: 'must be the next of the page before' }],
  ['GET /gateways/{g}/events?after=-5', { after: 'must be the next of the page before' }],
  ['GET /gateways/{g}/events?after=2&before=2', { before: 'is a former name of after: give one of the two' }],
  ['GET /products/{p}/devices/pump-7/events?after=x', { after: 'must be the next of the page before' }],
  ['GET /products/{p}/devices/pump-7/events?before=x', { before: 'must be the next of the page before' }],
  ['GET /products/{p}/parsing/versions?after=0', { after: 'must be the next of the page before' }],
  ['GET /events?before=-5', { before: expect.stringMatching(/^is unknown; known are limit, after, /) }],
  ['GET /events?after=-5', { after: expect.stringMatching(/^must be the next of the page before/) }],
  ['GET /events?after=9999999999999999999', { after: expect.stringMatching(/^must be the next/) }],
  ['GET /events?from=yesterday', { from: 'must be an instant like 2026-11-21T03:12:00Z' }],
  ['GET /events?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', { to: 'must be later than from' }],
  ['GET /gateways/{g}?at=2026', { at: 'must be an instant like 2026-11-21T03:12:00Z' }],
  ['DELETE /gateways/{g}?force=yes', { force: 'must be true or false, not "yes"' }],
  ['POST /products/{p}/devices:import?dryRun=1', { dryRun: 'must be true or false, not "1"' }],
  [
    'GET /products/{p}/devices?status=online',
    { status: 'must be UNACTIVE, ONLINE, OFFLINE or DISABLE, not "online"' },
  ],
  ['POST /products/{p}/parsing/versions/x:restore', { version: 'must be a whole number, not "x"' }],
  ['POST /products/{p}/parsing/versions/0:restore', { version: 'must be at least 1, not 0' }],
  [
    'POST /products/{p}/parsing/versions/99999999999:restore',
    { version: expect.stringContaining('at most') },
  ],
])('%s is refused', async (request, errors) => {
  expect(await errorsOf(request)).toEqual(errors);
});

test('an import names rows as its form counts them, and imports nothing when there is nothing', async () => {
  const path = `POST /products/${productKey}/devices:import`;
  const devices = Array.from({ length: 5 }, (_, index) => ({ username: `pump-${index}`, password: 'x' }));
  expect(await errorsOf(path, { devices: [...devices, { username: 7 }] })).toEqual({
    'devices[5].username': 'must be text, not 7',
    'devices[5].password': 'is missing',
  });
  const wrong = await registry.call(path, {
    json: { devices: [...devices, { username: 'p', password: 'x' }] },
  });
  expect(wrong.body).toMatchObject({
    code: 'REGISTRY_IMPORT_ROWS_INVALID',
    errors: [{ path: 'devices[5].username', message: 'must have at least 4 characters' }],
  });
  const headers = { 'content-type': 'text/csv' };
  const csv = 'UserName,Password,SN\npump-7,x,,more\np,x\n';
  expect((await registry.call(path, { text: csv, headers })).body).toMatchObject({
    code: 'REGISTRY_IMPORT_ROWS_INVALID',
    errors: [{ path: 'line 2' }, { path: 'line 3, username' }],
  });
  expect((await registry.call(path, { text: csv.replaceAll(',', ';'), headers })).body).toMatchObject({
    code: 'REGISTRY_IMPORT_CSV_MALFORMED',
    detail: expect.stringContaining('semicolons'),
  });
  for (const empty of [{ json: { devices: [] } }, { text: 'UserName,Password\n', headers }]) {
    expect(await registry.call(path, empty)).toMatchObject({
      status: 400,
      body: { code: 'REGISTRY_IMPORT_EMPTY' },
    });
  }
});
