import { eventually, startFunctionServer, startHttpsServer } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connackOf } from '../connack-of.ts';
import { attemptsOf } from '../connection-attempts.ts';
import { placesWith } from '../secret-search.ts';
import { SearchedGatehouse } from '../searched-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const DEVICE = 'recognisable-pump';
const PASSWORDS = {
  admitted: 'Q7admittedPasswordQ7',
  refused: 'Q7refusedPasswordQ7',
  thrown: 'Q7thrownPasswordQ7',
  babbled: 'Q7babbledPasswordQ7',
  tried: 'Q7triedPasswordQ7',
};
const ACCESS_KEYS = {
  first: { id: 'LTAI5tExample', secret: 'Q7accessKeySecretQ7accessKeySecretQ7' },
  wrong: { id: 'LTAI5tExample', secret: 'Q7anotherSecretQ7anotherSecretQ7' },
};

/** A function that repeats what it was given, as people write them. */
const CODE = `
  exports.handler = (event, context, callback) => {
    const { userName, password } = JSON.parse(event);
    if (password === '${PASSWORDS.thrown}') throw new TypeError('cannot look up ' + event);
    if (password === '${PASSWORDS.babbled}') return callback(null, 'hello ' + event);
    const isRight = password === '${PASSWORDS.admitted}';
    callback(null, JSON.stringify({
      result: String(isRight), message: 'the password was ' + password, deviceName: userName,
    }));
  };`;

let house: SearchedGatehouse;
let gateways: TestGateways;
let functions: Awaited<ReturnType<typeof startFunctionServer>>;
let service: Awaited<ReturnType<typeof startHttpsServer>>;

beforeAll(async () => {
  functions = await startFunctionServer(CODE, ACCESS_KEYS.first);
  service = await startHttpsServer(({ body }, response) => {
    const { username, password } = JSON.parse(body) as Record<string, string>;
    const isRight = password === PASSWORDS.admitted;
    const status = isRight ? 200 : password === PASSWORDS.thrown ? 500 : 401;
    const type = password === PASSWORDS.babbled ? 'text/plain' : 'application/json';
    const answer = { deviceName: isRight ? username : '', message: `you sent ${body}` };
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(answer));
  });
  house = await SearchedGatehouse.start({ GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' });
  gateways = await TestGateways.of(house.gatehouse);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await functions[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

function functionTarget(more: object, { id, secret } = ACCESS_KEYS.first): object {
  const target = { endpoint: functions.origin, accessKeyId: id, accessKeySecret: secret, ...more };
  const { caCertificate } = functions;
  return { type: 'third-party', method: 'function', function: target, caCertificate };
}

async function open(index: number, authentication: object): Promise<TestGateway> {
  return gateways.open(`secrets_${index}`, { authentication });
}

const connect = async ({ address }: TestGateway, password: string): Promise<number | undefined> => {
  const packet = { protocolVersion: 5, username: DEVICE, password: Buffer.from(password) } as const;
  return (await connackOf(address, packet)).code;
};

test('passwords and keys that go to authenticators are found nowhere, even when those repeat them', async () => {
  const { origin, caCertificate } = service;
  const parameters = [{ key: 'proof', value: 'of ${password}' }];
  const https = { type: 'third-party', method: 'https', url: `${origin}/verify`, caCertificate, parameters };
  const role = { roleArn: functions.roles.arn, stsEndpoint: functions.origin };
  const targets = [
    functionTarget({ provider: 'aliyun-fc', service: 'devices', function: 'verify', ...role }),
    functionTarget({ provider: 'aliyun-fc', function: 'verify', ...role }),
    functionTarget({ provider: 'aliyun-fc', service: 'devices', function: 'verify' }),
    functionTarget({ provider: 'aliyun-fc', function: 'verify' }),
    functionTarget({ provider: 'http-function', endpoint: `${functions.origin}/function` }),
    { ...https, cacheSeconds: 60 },
  ];
  for (const [index, target] of targets.entries()) {
    const gateway = await open(index, target);
    expect(await connect(gateway, PASSWORDS.admitted)).toBe(0);
    expect(await connect(gateway, PASSWORDS.refused)).toBe(0x87);
    expect(await connect(gateway, PASSWORDS.thrown)).toBe(0x88);
    expect(await connect(gateway, PASSWORDS.babbled)).toBeGreaterThan(0);
    const trial = { username: DEVICE, password: PASSWORDS.tried };
    expect((await house.call('POST', `${gateway.path}:test-authentication`, trial)).status).toBe(200);
    for (const path of [gateway.path, `${gateway.path}/events`]) await house.call('GET', path);
    await eventually(async () => {
      const found = await attemptsOf(house.gatehouse, { gatewayId: gateway.gatewayId, outcome: 'refused' });
      expect(found).toHaveLength(3);
    });
    await house.call('GET', `/connection-attempts?gatewayId=${gateway.gatewayId}`);
  }
  const wrong = functionTarget({ provider: 'aliyun-fc', function: 'verify' }, ACCESS_KEYS.wrong);
  expect(await connect(await open(targets.length, wrong), PASSWORDS.admitted)).toBe(0x88);
  await house.call('GET', '/events');
  // They have been there.
  const asked = [...functions.requests, ...service.requests].map(({ body }) => body).join();
  for (const password of Object.values(PASSWORDS)) expect(asked).toContain(password);

  const places = await eventually(
    async () => {
      const found = await house.everyPlace();
      const deviceFoundIn = placesWith(DEVICE, found).join('\n');
      for (const where of ['table public.event', 'CONNECTION_ATTEMPTS', 'REGISTRY', 'answers']) {
        expect(deviceFoundIn).toContain(where);
      }
      return found;
    },
    60_000,
    500,
  );
  const temporary = functions.roles.given.flatMap(({ secret, securityToken }) => [secret, securityToken]);
  expect(temporary.length).toBeGreaterThan(0);
  const keys = Object.values(ACCESS_KEYS).map(({ secret }) => secret);
  const secrets = [...Object.values(PASSWORDS), ...keys, ...temporary];
  const encoded = secrets.map((secret) => encodeURIComponent(JSON.stringify(secret)));
  expect([...secrets, ...encoded].flatMap((secret) => placesWith(secret, places))).toEqual([]);
});
