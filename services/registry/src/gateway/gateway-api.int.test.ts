import { testAuthentication, type AuthenticationTestResult, type GatewayView } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  gatewayBody,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let auth: NatsConnection;
let registry: ServedRegistry;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  auth = await connectNats(registry.natsUrl, 'auth');
  resources.defer(() => auth.close());
});
afterAll(() => resources.disposeAsync());

async function createThirdParty(name: string): Promise<GatewayView> {
  const authentication = { type: 'third-party', method: 'https', url: 'https://auth.example.com' };
  const { body } = await registry.call('POST /gateways', {
    json: { ...(await gatewayBody(name)), authentication },
  });
  return body;
}

test('permissions are rules in an order, with the version of the gateway, and stay readable as they were', async () => {
  const { gatewayId } = await createGateway(registry, 'ruled_1');
  const path = `/gateways/${gatewayId}/permissions`;
  const before = await registry.call(`GET ${path}`);
  expect(before).toMatchObject({ status: 200, body: [] });
  expect(before.headers.get('etag')).toBe('"1"');

  const rules = [
    { topic: 'up/${deviceName}/#', action: 'publish', effect: 'allow' },
    { topic: 'down/+/${clientId}', action: 'subscribe', effect: 'allow' },
    { topic: '#', action: 'both', effect: 'deny' },
  ];
  const replaced = await registry.call(`PUT ${path}`, { json: rules, headers: { 'if-match': '"1"' } });
  expect(replaced).toMatchObject({ status: 200, body: rules });
  expect(replaced.headers.get('etag')).toBe('"2"');
  expect((await registry.call(`GET ${path}`)).body).toEqual(rules);
  expect(await registry.call(`PUT ${path}`, { json: [], headers: { 'if-match': '"1"' } })).toMatchObject({
    status: 412,
  });
  expect((await registry.call(`PUT ${path}`, { json: rules })).headers.get('etag')).toBe('"2"');

  const { body: history } = await registry.call(`GET /gateways/${gatewayId}/events`);
  expect(history.items[0]).toMatchObject({ type: 'PermissionsReplaced', data: { permissions: rules } });
  // The log knows microseconds, and the API milliseconds.
  const then = new Date(Date.parse(history.items[0].at) + 1).toISOString();
  await registry.call(`PUT ${path}`, { json: [] });
  expect((await registry.call(`GET ${path}`)).body).toEqual([]);
  expect((await registry.call(`GET ${path}?at=${then}`)).body).toEqual(rules);
  expect(await registry.call('GET /gateways/gw-none/permissions')).toMatchObject({ status: 404 });
});

test('what is wrong with a rule is told by its number, and rules that allow nothing by a notice', async () => {
  const { gatewayId } = await createGateway(registry, 'ruled_2');
  const put = (json: unknown) => registry.call(`PUT /gateways/${gatewayId}/permissions`, { json });
  const refused = await put([
    { topic: 'up/#', action: 'publish', effect: 'allow' },
    { topic: 'up/${device}/#', action: 'read', effect: 'allow' },
    { topic: 'a#', action: 'both', effect: 'deny', note: 'x' },
  ]);
  expect(refused).toMatchObject({ status: 400, body: { code: 'HTTP_REQUEST_INVALID' } });
  const paths = refused.body.errors.map(({ path }: { path: string }) => path);
  expect(new Set(paths)).toEqual(new Set(['[1].topic', '[1].action', '[2].topic', '[2].note']));
  expect(JSON.stringify(refused.body.errors)).toContain('${device}, which is no placeholder');
  expect(await put({ topic: '#' })).toMatchObject({ status: 400 });

  await put([{ topic: '#', action: 'publish', effect: 'deny' }]);
  expect((await registry.call(`GET /gateways/${gatewayId}`)).body.notices).toMatchObject([
    { code: 'permissions-allow-nothing' },
  ]);
});

test('a test of authentication tells what auth did, and which failure was whose', async () => {
  const oneWay = await createGateway(registry, 'tested_1');
  const { gatewayId } = await createThirdParty('tested_2');
  const run = (id: string, json: unknown = { username: 'pump-7', password: 'secret' }) =>
    registry.call(`POST /gateways/${id}:test-authentication`, { json });

  expect(await run(oneWay.gatewayId)).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_GATEWAY_HAS_NO_AUTHENTICATOR' },
  });
  expect(await run('gw-none')).toMatchObject({ status: 404 });
  expect(await run(gatewayId, { userName: 'pump-7' })).toMatchObject({ status: 400 });
  expect(await run(gatewayId)).toMatchObject({ status: 503, body: { code: 'BUS_SERVICE_UNREACHABLE' } });

  const result: AuthenticationTestResult = {
    outcome: 'refused',
    reason: 'authenticator-refused',
    deviceName: null,
    permissions: [],
    assumedRole: null,
    sent: { method: 'POST', url: 'https://auth.example.com', headers: {}, body: '{"password":"***"}' },
    received: { status: 403, contentType: null, body: '' },
    milliseconds: 12,
    message: 'the authenticator answered 403',
  };
  const asked: unknown[] = [];
  auth.subscribe(testAuthentication.subject, {
    callback: (_error, message) => {
      asked.push(message.json());
      message.respond(JSON.stringify({ outcome: 'tested', result }));
    },
  });
  await auth.flush();
  expect(await run(gatewayId)).toMatchObject({ status: 200, body: result });
  expect(asked).toEqual([
    {
      gatewayId,
      gatewayVersion: 1,
      username: 'pump-7',
      password: 'secret',
      clientId: 'test',
      userProperties: [],
    },
  ]);
});
