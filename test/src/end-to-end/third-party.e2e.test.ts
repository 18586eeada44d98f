import { eventually } from '@gatehouse/testing';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { attemptOf } from '../connection-attempts.ts';
import {
  jsonAnswer,
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { eventTypes } from '../event-types.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

let gatehouse: RunningGatehouse;
let gateways: TestGateways;
let authenticator: CustomerAuthenticator;
let gateway: TestGateway;

beforeAll(async () => {
  authenticator = await startCustomerAuthenticator();
  gatehouse = await RunningGatehouse.start({
    edges: 2,
    environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' },
  });
  gateways = await TestGateways.of(gatehouse);
  gateway = await gateways.open('third_party', { authentication: authenticator.target() });
});
beforeEach(() => {
  authenticator.requests.length = 0;
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authenticator[Symbol.asyncDispose]();
});

function connect(to: TestGateway, username: string, options: IClientOptions = {}): Promise<MqttClient> {
  const { host, port, ca } = to.address;
  return connectAsync(`mqtts://${host}:${port}`, {
    ca,
    username,
    password: RIGHT_PASSWORD,
    clientId: `client of ${username}`,
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...options,
  });
}

const devicePath = (name: string): string => `/products/${gateway.productKey}/devices/${name}`;

async function story(name: string): Promise<string[]> {
  const { body } = await gatehouse.api('GET', `${devicePath(name)}/events`);
  return eventTypes(body).toReversed();
}

const untilStatus = (name: string, status: string): Promise<void> =>
  eventually(async () => {
    const { body } = await gatehouse.api('GET', devicePath(name));
    expect(body['status']).toBe(status);
  });

test('the authenticator gets user name, password and every variable of the parameters, and nothing else', async () => {
  const parameters = [
    { key: 'client', value: 'id-${clientId}' },
    { key: 'who', value: '${username}' },
    { key: 'proof', value: '${password}!' },
    { key: 'certificate', value: '${cert.cn}/${cert.serial}/${cert.issuer}' },
    { key: 'tenant', value: '${userProperties.tenant}' },
    { key: 'none', value: '${userProperties.none}' },
    { key: 'fixed', value: 'as it is' },
  ];
  const asking = await gateways.open('asking', { authentication: authenticator.target({ parameters }) });
  const properties = { userProperties: { tenant: ['acme', 'second'] } };
  const device = await connect(asking, 'UN001', { clientId: 'client-7', properties });
  await device.endAsync();

  const [request, ...more] = authenticator.requests;
  expect(more).toEqual([]);
  expect(request).toMatchObject({
    method: 'POST',
    path: '/verify',
    headers: { 'content-type': 'application/json' },
  });
  expect(JSON.parse(request?.body ?? '')).toEqual({
    username: 'UN001',
    password: RIGHT_PASSWORD,
    client: 'id-client-7',
    who: 'UN001',
    proof: `${RIGHT_PASSWORD}!`,
    certificate: '//',
    tenant: 'acme',
    none: '',
    fixed: 'as it is',
  });
});

test('without parameters the body is the one of the specification, byte for byte', async () => {
  const device = await connect(gateway, 'UN002', { protocolVersion: 4 });
  await device.endAsync();
  expect(authenticator.requests.map(({ body }) => body)).toEqual([
    `{"username":"UN002","password":"${RIGHT_PASSWORD}"}`,
  ]);
});

test('a first connection makes the device, later ones use it, and the history says who made it', async () => {
  const name = 'first-seen';
  expect(await gatehouse.api('GET', devicePath(name))).toMatchObject({ status: 404 });
  const device = await connect(gateway, name);
  await untilStatus(name, 'ONLINE');
  await device.endAsync();
  await untilStatus(name, 'OFFLINE');
  await (await connect(gateway, name)).endAsync();
  await untilStatus(name, 'OFFLINE');

  await eventually(async () => {
    expect(await story(name)).toEqual([
      'DeviceCreated',
      'DeviceConnected',
      'DeviceDisconnected',
      'DeviceConnected',
      'DeviceDisconnected',
    ]);
  });
  const { body } = await gatehouse.api('GET', `${devicePath(name)}/events`);
  const created = (body['items'] as object[]).at(-1);
  expect(created).toMatchObject({ type: 'DeviceCreated', actor: `authenticator:${gateway.gatewayId}` });
});

test('many connections at once of a new device make one device', async () => {
  const names = Array.from({ length: 12 }, () => 'wanted-by-all');
  const connecting = names.map((name, index) =>
    connect(gateway, name, { clientId: `client-${index}` }).catch(() => undefined),
  );
  const devices = await Promise.all(connecting);
  await untilStatus('wanted-by-all', 'ONLINE');
  expect((await story('wanted-by-all')).filter((type) => /Created|Imported/.test(type))).toHaveLength(1);
  await Promise.all(devices.map(async (device) => device?.endAsync(true)));
});

test('the device that the authenticator names is the one that connects', async () => {
  authenticator.answers.set('user-of-all', jsonAnswer(200, { deviceName: 'named:device@1' }));
  const device = await connect(gateway, 'user-of-all');
  await untilStatus('named:device@1', 'ONLINE');
  await device.endAsync();
  expect(await attemptOf(gatehouse, { deviceName: 'named:device@1' })).toMatchObject({
    outcome: 'admitted',
    username: 'user-of-all',
    productKey: gateway.productKey,
  });
});

test.each([
  [4, 5],
  [5, 0x8a],
] as const)(
  'a disabled device stays out though the authenticator says yes (version %i: code %i), until it is enabled',
  async (protocolVersion, code) => {
    const name = `disabled-${protocolVersion}`;
    await (await connect(gateway, name)).endAsync();
    expect((await gatehouse.api('POST', `${devicePath(name)}:disable`)).status).toBeLessThan(300);
    const clientId = 'the refused one';
    await eventually(() =>
      expect(connect(gateway, name, { clientId, protocolVersion })).rejects.toMatchObject({ code }),
    );
    expect((await gatehouse.api('GET', devicePath(name))).body['status']).toBe('DISABLE');
    expect(await attemptOf(gatehouse, { username: name, clientId, reason: 'device-disabled' })).toMatchObject(
      { outcome: 'refused', connackCode: code },
    );
    expect((await gatehouse.api('POST', `${devicePath(name)}:enable`)).status).toBeLessThan(300);
    await (await eventually(() => connect(gateway, name))).endAsync();
  },
);

test('a device that was deleted is made again when it comes again', async () => {
  const name = 'deleted-once';
  await (await connect(gateway, name)).endAsync();
  await untilStatus(name, 'OFFLINE');
  expect((await gatehouse.api('DELETE', devicePath(name))).status).toBeLessThan(300);
  expect(await gatehouse.api('GET', devicePath(name))).toMatchObject({ status: 404 });
  // Auth may let it in by what it knew a moment ago; then it is sent away soon, and made when it returns.
  const device = await connect(gateway, name, { reconnectPeriod: 200 });
  await untilStatus(name, 'ONLINE');
  await device.endAsync();
});

test('rules of the answer hold, before those of the gateway', async () => {
  const acl = [
    { topic: 'up/${deviceName}/#', action: 'both', effect: 'allow' },
    { topic: 'up/#', action: 'both', effect: 'deny' },
  ];
  authenticator.answers.set('ruled-one', jsonAnswer(200, { deviceName: 'ruled-one', acl }));
  const device = await connect(gateway, 'ruled-one');
  await device.publishAsync('up/ruled-one/temperature', '21', { qos: 1 });
  await expect(device.publishAsync('up/somebody/temperature', '21', { qos: 1 })).rejects.toMatchObject({
    code: 0x87,
  });
  await expect(device.subscribeAsync('up/#', { qos: 1 })).rejects.toThrow(/not authori[sz]ed|0x87|135/i);
  expect(await device.subscribeAsync('up/ruled-one/down', { qos: 1 })).toMatchObject([{ qos: 1 }]);
  await device.endAsync();
});

test('a verdict that expires ends the session', async () => {
  const answer = jsonAnswer(200, { deviceName: 'for-a-second', expiresInSeconds: 1 });
  authenticator.answers.set('for-a-second', answer);
  const device = await connect(gateway, 'for-a-second');
  const reasonCode = await new Promise((resolve) => {
    device.once('disconnect', (packet) => resolve(packet.reasonCode));
  });
  expect(reasonCode).toBe(0xa0);
});
