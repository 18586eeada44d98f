import { startFunctionServer, type FunctionServer } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { attemptOf } from '../connection-attempts.ts';
import { RIGHT_PASSWORD } from '../customer-authenticator.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const ACCESS_KEY = { id: 'LTAI5tExample', secret: 'the-secret-of-the-key' };
const CODE = `
  exports.handler = (event, context, callback) => {
    const { userName, password, clientId } = JSON.parse(event);
    if (userName === 'thrower') throw new TypeError('the table is gone');
    const isRight = password === '${RIGHT_PASSWORD}';
    callback(null, JSON.stringify({
      result: String(isRight),
      message: isRight ? '' : 'wrong password for ' + clientId,
      deviceName: 'fc_' + userName,
    }));
  };`;

let gatehouse: RunningGatehouse;
let functions: FunctionServer;
let gateways: TestGateways;
const gatewayBy = new Map<string, TestGateway>();

const PROVIDERS = {
  'Function Compute 2.0': { provider: 'aliyun-fc', path: '', service: 'devices', function: 'verify' },
  'Function Compute 3.0': { provider: 'aliyun-fc', path: '', function: 'verify' },
  'Function Compute in a role': {
    provider: 'aliyun-fc',
    path: '',
    function: 'verify',
    roleArn: 'acs:ram::1234567890:role/gatehouse',
  },
  'a function behind a URL': { provider: 'http-function', path: '/function' },
} as const;
type Provider = keyof typeof PROVIDERS;
const providers = Object.keys(PROVIDERS) as Provider[];

function targetOf(provider: Provider, secret = ACCESS_KEY.secret): object {
  const { path, ...rest } = PROVIDERS[provider];
  const accessKey = { accessKeyId: ACCESS_KEY.id, accessKeySecret: secret };
  const sts = 'roleArn' in rest ? { stsEndpoint: functions.origin } : {};
  return {
    type: 'third-party',
    method: 'function',
    function: { ...rest, endpoint: `${functions.origin}${path}`, ...accessKey, ...sts },
    caCertificate: functions.caCertificate,
  };
}

beforeAll(async () => {
  functions = await startFunctionServer(CODE, ACCESS_KEY);
  gatehouse = await RunningGatehouse.start({ environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
  gateways = await TestGateways.of(gatehouse);
  for (const [index, provider] of providers.entries()) {
    const name = `functions_${index}`;
    gatewayBy.set(provider, await gateways.open(name, { authentication: targetOf(provider) }));
  }
});
beforeEach(() => {
  functions.requests.length = 0;
  functions.forced = undefined;
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await functions[Symbol.asyncDispose]();
});

function gatewayOf(provider: Provider): TestGateway {
  const gateway = gatewayBy.get(provider);
  if (gateway === undefined) throw new Error(`${provider} has no gateway`);
  return gateway;
}

function connect(provider: Provider, username: string, password = RIGHT_PASSWORD): Promise<MqttClient> {
  const { host, port, ca } = gatewayOf(provider).address;
  const clientId = `client of ${username}`;
  const options = { ca, username, password, clientId, protocolVersion: 5, reconnectPeriod: 0 } as const;
  return connectAsync(`mqtts://${host}:${port}`, options);
}

const recordOf = (provider: Provider, username: string) =>
  attemptOf(gatehouse, { gatewayId: gatewayOf(provider).gatewayId, username });

test.each(providers)('%s is asked as documented, and names the device', async (provider) => {
  const device = await connect(provider, 'UN001');
  await device.publishAsync('up/temperature', '21', { qos: 1 });
  await device.endAsync();
  const invocations = functions.requests.filter(({ path }) => !path.startsWith('/?'));
  expect(invocations.map(({ body }) => body)).toEqual([
    JSON.stringify({ userName: 'UN001', password: RIGHT_PASSWORD, clientId: 'client of UN001' }),
  ]);
  const path = `/products/${gatewayOf(provider).productKey}/devices/fc_UN001`;
  expect(await gatehouse.api('GET', path)).toMatchObject({ status: 200, body: { deviceName: 'fc_UN001' } });
});

test.each(providers)('%s says no, and its message is in the record', async (provider) => {
  await expect(connect(provider, 'UN002', 'not-the-one')).rejects.toMatchObject({ code: 0x87 });
  const record = await recordOf(provider, 'UN002');
  expect(record).toMatchObject({ reason: 'authenticator-refused', connackCode: 0x87 });
  expect(JSON.stringify(record.steps)).toContain('wrong password for client of UN002');
});

test.each(providers)('%s fails, and the device is told to come again', async (provider) => {
  await expect(connect(provider, 'thrower')).rejects.toMatchObject({ code: 0x88 });
  expect(await recordOf(provider, 'thrower')).toMatchObject({ reason: 'authenticator-unavailable' });
});

test.each(providers.slice(0, 2))('%s refuses a key that was changed to a wrong one', async (provider) => {
  const give = async (accessKeySecret: string): Promise<void> => {
    const change = { authentication: { function: { accessKeySecret } } };
    const gateway = gatewayOf(provider);
    expect(await gatehouse.api('PATCH', gateway.path, change)).toMatchObject({ status: 200 });
    await gateways.untilListening(gateway);
  };
  await give('another-secret');
  await expect(connect(provider, 'UN003')).rejects.toMatchObject({ code: 0x88 });
  const record = await recordOf(provider, 'UN003');
  expect(record).toMatchObject({ reason: 'authenticator-unavailable' });
  expect(JSON.stringify(record.steps)).toMatch(/403 \(Signature/);

  await give(ACCESS_KEY.secret);
  await (await connect(provider, 'UN004')).endAsync();
});

test.each(providers)('%s can be tried out, and the answer holds no password and no key', async (provider) => {
  const body = { username: 'UN005', password: RIGHT_PASSWORD, clientId: 'trial' };
  const tested = await gatehouse.api('POST', `${gatewayOf(provider).path}:test-authentication`, body);
  expect(tested).toMatchObject({
    status: 200,
    body: { outcome: 'admitted', deviceName: 'fc_UN005', received: { status: 200 } },
  });
  const told = JSON.stringify(tested.body);
  for (const secret of [RIGHT_PASSWORD, ACCESS_KEY.secret]) {
    expect(told).not.toContain(secret);
    expect(told).not.toContain(Buffer.from(`${ACCESS_KEY.id}:${secret}`).toString('base64'));
  }
  const path = `/products/${gatewayOf(provider).productKey}/devices/fc_UN005`;
  expect(await gatehouse.api('GET', path)).toMatchObject({ status: 404 });
});
