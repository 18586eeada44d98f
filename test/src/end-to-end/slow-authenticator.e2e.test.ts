import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthProcess } from '../auth-process.ts';
import { attemptOf } from '../connection-attempts.ts';
import {
  jsonAnswer,
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { serviceCommandOf } from '../service-command.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

/** More than 60 % of the 10 s that a client waits, and less than the 8 s that the gateway allows. */
const SLOW_MS = 6_300;

const resources = new AsyncDisposableStack();
let authenticator: CustomerAuthenticator;
let gatehouse: RunningGatehouse;
let gateway: TestGateway;

beforeAll(async () => {
  authenticator = resources.use(await startCustomerAuthenticator());
  gatehouse = resources.use(
    await RunningGatehouse.start({ environment: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } }),
  );
  resources.use(await AuthProcess.start(await serviceCommandOf(gatehouse, 'auth')));
  const gateways = await TestGateways.of(gatehouse);
  gateway = await gateways.open('slow', { authentication: authenticator.target({ timeoutMs: 8_000 }) });
});
afterAll(() => resources.disposeAsync());

function connect(username: string): Promise<MqttClient> {
  const { host, port, ca } = gateway.address;
  const credentials = { username, password: RIGHT_PASSWORD, clientId: username };
  return connectAsync(`mqtts://${host}:${port}`, {
    ca,
    ...credentials,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
}

/** More than one: each of them may ask either auth, the second time as the first. */
const several = (kind: string): string[] => Array.from({ length: 6 }, (_, index) => `${kind}-${index}`);

const callsAbout = (username: string): number =>
  authenticator.requests.filter(({ body }) => body.includes(`"${username}"`)).length;

test('with two auths a slow authenticator is called once about a device, which gets its verdict', async () => {
  const [slow, mute] = [several('slow'), several('mute')];
  for (const name of mute) authenticator.answers.set(name, () => undefined);
  for (const name of slow) {
    authenticator.answers.set(name, (...exchange) => {
      void delay(SLOW_MS).then(() => jsonAnswer(200, { deviceName: name })(...exchange));
    });
  }

  const admitted = Promise.all(slow.map(connect));
  const refused = Promise.all(
    mute.map((name) => expect(connect(name)).rejects.toMatchObject({ code: 0x88 })),
  );
  await Promise.all((await admitted).map((device) => device.endAsync()));
  await refused;

  for (const username of mute) {
    expect(await attemptOf(gatehouse, { username })).toMatchObject({
      code: 'EDGE_DEVICE_REFUSED',
      reason: 'authenticator-timeout',
    });
  }
  expect([...slow, ...mute].map(callsAbout)).toEqual(Array.from({ length: 12 }, () => 1));
});
