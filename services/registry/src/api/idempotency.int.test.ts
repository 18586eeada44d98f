import { EDGES_BUCKET, type EdgeEntry } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
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

/** Has an edge listen for a gateway, until the API shows it so. */
async function listen(gatewayId: string, version: number): Promise<void> {
  await using nats = await connectNats(registry.natsUrl, 'test').then((connection) => ({
    connection,
    [Symbol.asyncDispose]: () => connection.drain(),
  }));
  const edges = await openBucket(nats.connection, EDGES_BUCKET);
  const entry: EdgeEntry = {
    startedAt: new Date().toISOString(),
    connections: 0,
    listeners: [{ gatewayId, version, status: 'listening' }],
  };
  await eventually(async () => {
    await edges.put('edge-1', JSON.stringify(entry));
    const { body } = await registry.call(`GET /gateways/${gatewayId}`);
    expect(body).toMatchObject({ version, status: 'listening' });
  });
}

test('a gateway is created once, and both answers are the first one, whatever became of it since', async () => {
  const request = { json: await gatewayBody('twice_1'), headers: { 'idempotency-key': 'create-1' } };
  const first = await registry.call('POST /gateways', request);
  expect(first).toMatchObject({ status: 201, body: { status: 'starting' } });
  const { gatewayId } = first.body;
  await listen(gatewayId, 1);
  await registry.call(`PATCH /gateways/${gatewayId}`, { json: { name: 'twice_2' } });

  const again = await registry.call('POST /gateways', request);
  expect([again.status, again.headers.get('etag'), again.body]).toEqual([201, '"1"', first.body]);
});

test('a change of a gateway is answered as it was the first time', async () => {
  const { gatewayId } = await createGateway(registry, 'twice_3');
  const change = { json: { parsing: { enabled: true } }, headers: { 'idempotency-key': 'change-1' } };
  const first = await registry.call(`PATCH /gateways/${gatewayId}`, change);
  expect(first).toMatchObject({ status: 200, body: { version: 2, status: 'starting' } });
  await listen(gatewayId, 2);
  const again = await registry.call(`PATCH /gateways/${gatewayId}`, change);
  expect([again.status, again.body]).toEqual([200, first.body]);

  const noChange = await registry.call(`PATCH /gateways/${gatewayId}`, {
    json: { parsing: { enabled: true } },
  });
  expect(noChange.body).toMatchObject({ version: 2, status: 'listening' });
});

test('a device is disabled once: a late repetition does not undo what came after', async () => {
  const { productKey } = await createGateway(registry, 'twice_4');
  await importDevices(registry, productKey, 'pump-7');
  const device = `/products/${productKey}/devices/pump-7`;
  const headers = { 'idempotency-key': 'disable-1' };
  const first = await registry.call(`POST ${device}:disable`, { headers });
  await registry.call(`POST ${device}:enable`);
  const again = await registry.call(`POST ${device}:disable`, { headers });
  expect([again.status, again.body]).toEqual([200, first.body]);
  expect(await registry.call(`GET ${device}`)).toMatchObject({ body: { status: 'UNACTIVE' } });
});

test('an API key is made once, and its secret stands in the first answer only', async () => {
  const request = { json: { name: 'once', role: 'viewer' }, headers: { 'idempotency-key': 'key-1' } };
  const first = await registry.call('POST /api-keys', request);
  expect(first).toMatchObject({ status: 201, body: { key: expect.stringMatching(/^gh_/) } });
  const again = await registry.call('POST /api-keys', request);
  expect(again).toMatchObject({ status: 409, body: { code: 'REGISTRY_API_KEY_SHOWN_ALREADY' } });
  expect(again.body.detail).toContain(first.body.apiKeyId);
  expect(JSON.stringify(again.body)).not.toContain(first.body.key);
  expect(
    await registry.call('POST /api-keys', { ...request, json: { name: 'another', role: 'viewer' } }),
  ).toMatchObject({ status: 409, body: { code: 'REGISTRY_IDEMPOTENCY_KEY_REUSED' } });
  const { body: keys } = await registry.call('GET /api-keys');
  const named = keys.items.filter(({ name }: { name: string }) => ['once', 'another'].includes(name));
  expect(named).toEqual([expect.objectContaining({ apiKeyId: first.body.apiKeyId, name: 'once' })]);
});

test('what failed is not remembered: the same request may succeed later', async () => {
  const request = { json: { name: 'taken', role: 'viewer' }, headers: { 'idempotency-key': 'key-2' } };
  const { body: taker } = await registry.call('POST /api-keys', { json: request.json });
  expect(await registry.call('POST /api-keys', request)).toMatchObject({ status: 409 });
  await registry.call(`DELETE /api-keys/${taker.apiKeyId}`);
  expect(await registry.call('POST /api-keys', request)).toMatchObject({ status: 201 });
});
