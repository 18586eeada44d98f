import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  importDevices,
  startServedRegistry,
  type ApiAnswer,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

let registry: ServedRegistry;

beforeAll(async () => {
  registry = await startServedRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

/** An instant between what was recorded and what comes next. */
async function now(): Promise<string> {
  const before = new Date();
  while (Date.now() <= before.getTime() + 1) await new Promise(setImmediate);
  return before.toISOString();
}

test('a device is shown as it was at an instant, with who had changed it', async () => {
  const beginning = await now();
  const { productKey } = await createGateway(registry, 'plant_1');
  await importDevices(registry, productKey, 'pump-7');
  const path = `/products/${productKey}/devices/pump-7`;
  const at = (instant: string): Promise<ApiAnswer> =>
    registry.call(`GET ${path}?at=${encodeURIComponent(instant)}`);
  const imported = await now();
  await registry.call(`POST ${path}:disable`);
  const disabled = await now();
  await registry.call(`DELETE ${path}`);
  const deleted = await now();

  expect(await at(beginning)).toMatchObject({ status: 404, body: { code: 'REGISTRY_DEVICE_NOT_FOUND' } });
  expect(await at(imported)).toMatchObject({
    status: 200,
    body: { deviceName: 'pump-7', status: 'UNACTIVE', version: 1, changedBy: 'bootstrap' },
  });
  expect(await at(disabled)).toMatchObject({ status: 200, body: { status: 'DISABLE', version: 2 } });
  expect(await at(deleted)).toMatchObject({ status: 404 });
  expect(await at(disabled.replace('Z', '+00:00'))).toMatchObject({ body: { version: 2 } });
  expect(await at('yesterday')).toMatchObject({ status: 400, body: { code: 'HTTP_REQUEST_INVALID' } });
});

test('a gateway is shown as it was, and tells what happened to it', async () => {
  const beginning = await now();
  const { gatewayId } = await createGateway(registry, 'plant_4');
  const created = await now();
  await registry.call(`PATCH /gateways/${gatewayId}`, {
    json: { name: 'plant_5', parsing: { enabled: true } },
  });
  const changed = await now();
  await registry.call(`DELETE /gateways/${gatewayId}`);
  const at = (instant: string): Promise<ApiAnswer> =>
    registry.call(`GET /gateways/${gatewayId}?at=${instant}`);

  expect(await at(beginning)).toMatchObject({ status: 404, body: { code: 'REGISTRY_GATEWAY_NOT_FOUND' } });
  expect(await at(created)).toMatchObject({
    status: 200,
    body: { name: 'plant_4', parsing: { enabled: false }, version: 1, changedBy: 'bootstrap' },
  });
  const then = await at(changed);
  expect(then).toMatchObject({ body: { name: 'plant_5', parsing: { enabled: true }, version: 3 } });
  expect(then.body).not.toHaveProperty('status');
  expect(await at(await now())).toMatchObject({ status: 404 });

  const history = await registry.call(`GET /gateways/${gatewayId}/events?limit=3`);
  expect(history.body.items.map(({ type }: { type: string }) => type)).toEqual([
    'GatewayDeleted',
    'ParsingSwitched',
    'GatewayRenamed',
  ]);
  for (const parameter of ['after', 'before']) {
    const rest = await registry.call(`GET /gateways/${gatewayId}/events?${parameter}=${history.body.next}`);
    expect(rest.body).toMatchObject({ items: [{ type: 'GatewayCreated', version: 1 }], next: null });
  }
  expect(await registry.call('GET /gateways/gw-none/events')).toMatchObject({ status: 404 });
});

test('devices are gone from the instant at which their product went', async () => {
  const { productKey, gatewayId } = await createGateway(registry, 'plant_2');
  await importDevices(registry, productKey, 'pump-7');
  const there = await now();
  await registry.call(`DELETE /gateways/${gatewayId}`);
  const path = `GET /products/${productKey}/devices/pump-7?at=`;
  expect(await registry.call(`${path}${there}`)).toMatchObject({ status: 200 });
  expect(await registry.call(`${path}${await now()}`)).toMatchObject({ status: 404 });
});

test('the log is filtered by type, actor, stream and time, and pages through what matches', async () => {
  const { body: key } = await registry.call('POST /api-keys', {
    json: { name: 'auditor', role: 'operator' },
  });
  const { productKey } = await createGateway(registry, 'plant_3');
  await importDevices(registry, productKey, 'dev-1', 'dev-2', 'dev-3');
  const from = await now();
  for (const name of ['dev-1', 'dev-2', 'dev-3']) {
    await registry.call(`POST /products/${productKey}/devices/${name}:disable`, { key: key.key });
  }
  const to = await now();
  await registry.call(`POST /products/${productKey}/devices/dev-1:enable`, { key: key.key });

  const typesOf = async (query: string): Promise<string[]> => {
    const { body } = await registry.call(`GET /events?${query}`);
    return body.items.map(({ type }: { type: string }) => type);
  };
  const disabled = ['DeviceDisabled', 'DeviceDisabled', 'DeviceDisabled'];
  // Transactions of other tests on the same server hold readers of the log back for a moment.
  await eventually(async () =>
    expect(await typesOf(`actor=auditor`)).toEqual([...disabled, 'DeviceEnabled']),
  );
  expect(await typesOf(`actor=auditor&to=${to}`)).toEqual(disabled);
  expect(await typesOf(`from=${from}&to=${to}`)).toEqual(disabled);
  expect(await typesOf(`from=${to}`)).toEqual(['DeviceEnabled']);
  expect(await typesOf(`type=DeviceEnabled&from=${to}&actor=bootstrap`)).toEqual([]);
  expect(await typesOf(`stream=device/${productKey}/dev-1&type=DeviceDisabled`)).toEqual(['DeviceDisabled']);

  const { body: first } = await registry.call('GET /events?actor=auditor&limit=3');
  const { body: second } = await registry.call(`GET /events?actor=auditor&limit=3&after=${first.next}`);
  expect([first.items.length, second.items.length, second.next]).toEqual([3, 1, null]);
  expect(await registry.call('GET /events?from=noon')).toMatchObject({ status: 400 });
});
