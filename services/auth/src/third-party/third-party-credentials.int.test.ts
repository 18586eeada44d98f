import { eventually, quickest, startTestNats } from '@gatehouse/testing';
import { describe, expect, test } from 'vitest';
import { GIVEN_UP_SOON, startAuth } from '../testing/auth-on-nats.ts';
import {
  judgeBySecret,
  realAuthenticators,
  startAuthenticatorServer,
  thirdPartyGateway,
} from '../testing/authenticator-server.ts';

const GATEWAY = 'gw-3';
const AT_GATEWAY = { gatewayId: GATEWAY };
const PRODUCT = 'productgw3';

async function start(
  target: Parameters<typeof thirdPartyGateway>[2] = {},
  environment: NodeJS.ProcessEnv = { AUTH_NEGATIVE_CACHE_SECONDS: '0' },
) {
  const server = await startAuthenticatorServer();
  const auth = await startAuth(await startTestNats(), environment, realAuthenticators());
  const gateway = thirdPartyGateway(GATEWAY, server.url, target);
  auth.registry.gateways.set(GATEWAY, gateway);
  return {
    server,
    auth,
    gateway,
    async [Symbol.asyncDispose]() {
      await auth[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const outcomesOf = (steps: readonly { name: string; outcome: string }[]) =>
  steps.map(({ name, outcome }) => `${name} ${outcome}`);

const tenant = (name: string): { userProperties: [string, string][] } => ({
  userProperties: [['tenant', name]],
});

test('the authenticator says who the device is, and the registry makes it once', async () => {
  await using at = await start();
  expect(await at.auth.admit('pump-7', 'secret', AT_GATEWAY)).toMatchObject({
    outcome: 'admitted',
    productKey: PRODUCT,
    deviceName: 'pump-7',
    credentialVersion: 5,
    expiresAt: null,
    permissions: [],
  });
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect(at.server.questions).toEqual([
    { username: 'pump-7', password: 'secret' },
    { username: 'pump-7', password: 'secret' },
  ]);
  expect(at.auth.registry.asked).toMatchObject({ devices: 1, devicesMade: 1 });
});

test('its refusal is the answer, with its words in the steps, and no device is made', async () => {
  await using at = await start();
  at.server.behaviour.judge = ({ password }) => ({ status: 401, body: { message: `not ${password}` } });
  const answer = await at.auth.admit('pump-7', 'PW-001', AT_GATEWAY);
  expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-refused' });
  expect(outcomesOf(answer.steps)).toEqual([
    'gateway-lookup ok',
    'device-queue ok',
    'authenticator-queue ok',
    'authenticator refused',
  ]);
  expect(answer.steps.at(-1)?.detail).toBe('not ***');
  expect(JSON.stringify(answer)).not.toContain('PW-001');
  expect(at.auth.registry.asked.devices).toBe(0);
});

test.each([
  [{ status: 500 }, 'authenticator-unavailable'],
  [{ status: 408 }, 'authenticator-unavailable'],
  [{ status: 429 }, 'authenticator-busy'],
  [{ status: 404 }, 'authenticator-refused'],
  [{ status: 302 }, 'authenticator-answer-invalid'],
  [{ body: {} }, 'authenticator-refused'],
  [{ body: { deviceName: '' } }, 'authenticator-refused'],
  [{ body: { deviceName: 'a/b/c' } }, 'authenticator-answer-invalid'],
  [{ body: { deviceName: 'x'.repeat(33) } }, 'authenticator-answer-invalid'],
  [{ body: [] }, 'authenticator-answer-invalid'],
])('an authenticator that answers %j: %s', async (given, reason) => {
  await using at = await start();
  at.server.behaviour.judge = () => given;
  const answer = await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
  expect(answer).toMatchObject({ outcome: 'refused', reason });
  expect(answer.steps.at(-1)).toMatchObject({ name: 'authenticator' });
  expect(at.auth.metrics.admissions.of(reason as 'authenticator-busy')).toBe(1);
  expect(at.auth.registry.asked.devices).toBe(0);
});

test('an authenticator that never answers: authenticator-timeout, after the time limit', async () => {
  await using at = await start({ timeoutMs: 300 });
  at.server.behaviour.judge = () => undefined;
  const answer = await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
  expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-timeout' });
  const step = answer.steps.find(({ name }) => name === 'authenticator');
  expect(step?.milliseconds).toBeGreaterThan(290);
  // Which is the limit of a gateway that sets none of its own in these tests.
  expect(step?.milliseconds).toBeLessThan(10_000);
});

test('malformed credentials reach no authenticator', async () => {
  await using at = await start();
  for (const [username, password] of [
    ['pum', 'secret'],
    ['pump-7'],
    [undefined, 'secret'],
    ['pump-7', 'é'],
  ]) {
    expect(await at.auth.connect(username, password, AT_GATEWAY)).toBe('malformed-credentials');
  }
  expect(at.server.questions).toEqual([]);
});

test('a disabled device stays out even when its authenticator says yes', async () => {
  await using at = await start({ cacheSeconds: 60 });
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  at.auth.registry.devices.set(`${PRODUCT}/pump-7`, true);
  await at.auth.announce('DeviceDisabled', 'device', PRODUCT, 'pump-7');
  const answer = await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
  expect(answer).toMatchObject({ outcome: 'refused', reason: 'device-disabled' });
  expect(at.server.questions).toHaveLength(2);
  expect(await at.auth.connect('pump-7', 'wrong', AT_GATEWAY)).toBe('authenticator-refused');
});

test('a deleted device is made again', async () => {
  await using at = await start({ cacheSeconds: 60 });
  await at.auth.connect('pump-7', 'secret', AT_GATEWAY);
  at.auth.registry.devices.clear();
  await at.auth.announce('DeviceDeleted', 'device', PRODUCT, 'pump-7');
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect(at.auth.registry.asked.devicesMade).toBe(2);
});

test('that a device was made, came and went asks nobody again', async () => {
  await using at = await start({ cacheSeconds: 60 });
  await at.auth.connect('pump-7', 'secret', AT_GATEWAY);
  for (const type of ['DeviceCreated', 'DeviceConnected', 'DeviceDisconnected']) {
    await at.auth.announce(type, 'device', PRODUCT, 'pump-7');
  }
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect([at.server.questions.length, at.auth.registry.asked.devices]).toEqual([1, 1]);
});

test('concurrent first connections ask for one device each, and share one call each', async () => {
  await using at = await start();
  at.server.behaviour.delayMs = 50;
  const names = Array.from({ length: 100 }, (_, index) => `pump-${index % 10}`);
  const outcomes = await Promise.all(names.map((name) => at.auth.connect(name, 'secret', AT_GATEWAY)));
  expect(new Set(outcomes)).toEqual(new Set(['admitted']));
  expect(at.server.questions).toHaveLength(10);
  expect(at.auth.registry.asked).toMatchObject({ devices: 10, devicesMade: 10 });
  expect(at.auth.metrics.verdicts.of('shared')).toBe(90);
});

test('another CONNECT of the same device waits for its turn, and never shares the answer', async () => {
  await using at = await start();
  at.server.behaviour.delayMs = 50;
  const [right, wrong] = await Promise.all([
    at.auth.connect('pump-7', 'secret', AT_GATEWAY),
    at.auth.connect('pump-7', 'wrong', AT_GATEWAY),
  ]);
  expect([right, wrong]).toEqual(['admitted', 'authenticator-refused']);
  expect(at.server.load.peak).toBe(1);
});

test('different CONNECTs of one device beyond the line are busy', async () => {
  await using at = await start();
  at.server.behaviour.delayMs = 20;
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, index) => at.auth.connect('pump-7', `guess-${index}`, AT_GATEWAY)),
  );
  expect(outcomes.filter((each) => each === 'authenticator-refused')).toHaveLength(8);
  expect(outcomes.filter((each) => each === 'authenticator-busy')).toHaveLength(12);
});

test('a remembered yes is used again, and never by another password, client or property', async () => {
  const parameters = [{ key: 'tenant', value: '${userProperties.tenant}' }];
  await using at = await start({ cacheSeconds: 60, parameters });
  const connect = (password: string, rest = {}) =>
    at.auth.connect('pump-7', password, { ...AT_GATEWAY, ...rest });
  expect(await connect('secret', tenant('a'))).toBe('admitted');
  expect(await connect('secret', tenant('a'))).toBe('admitted');
  expect(at.server.questions).toHaveLength(1);
  expect(at.auth.metrics.verdicts.of('cache')).toBe(1);

  at.server.behaviour.judge = () => ({ status: 403 });
  expect(await connect('Secret', tenant('a'))).toBe('authenticator-refused');
  expect(await connect('secret1', tenant('a'))).toBe('authenticator-refused');
  expect(await connect('secret', tenant('b'))).toBe('authenticator-refused');
  expect(await connect('secret', { ...tenant('a'), clientId: 'c2' })).toBe('authenticator-refused');
  expect(at.server.questions).toHaveLength(5);
  expect(await connect('secret', tenant('a'))).toBe('admitted');
});

test('a refusal is remembered for a moment only, and a right password is not held up by it', async () => {
  await using at = await start({}, { AUTH_NEGATIVE_CACHE_SECONDS: '2' });
  expect(await at.auth.connect('pump-7', 'wrong', AT_GATEWAY)).toBe('authenticator-refused');
  const again = await at.auth.admit('pump-7', 'wrong', AT_GATEWAY);
  expect(outcomesOf(again.steps)).toEqual(['gateway-lookup cached', 'authenticator refused-before']);
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect(at.server.questions).toHaveLength(2);
  at.server.behaviour.judge = ({ username }) => ({ body: { deviceName: username } });
  await eventually(async () => expect(await at.auth.connect('pump-7', 'wrong', AT_GATEWAY)).toBe('admitted'));
});

test('a changed authenticator takes effect at once, remembered answers or not', async () => {
  await using at = await start({ cacheSeconds: 60 });
  await using other = await startAuthenticatorServer(() => ({ body: { deviceName: 'other-device' } }));
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  at.auth.registry.gateways.set(GATEWAY, { ...thirdPartyGateway(GATEWAY, other.url), version: 2 });
  expect(await at.auth.admit('pump-7', 'secret', { ...AT_GATEWAY, gatewayVersion: 2 })).toMatchObject({
    deviceName: 'other-device',
  });
  expect([at.server.questions.length, other.questions.length]).toEqual([1, 1]);
});

test('an event of the gateway drops what was known of it', async () => {
  await using at = await start({ cacheSeconds: 60 });
  await at.auth.connect('pump-7', 'secret', AT_GATEWAY);
  at.auth.registry.gateways.set(GATEWAY, { ...at.gateway, version: 2 });
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect(at.server.questions).toHaveLength(1);
  await at.auth.announce('AuthenticationTargetChanged', 'gateway', GATEWAY);
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  expect(at.server.questions).toHaveLength(2);
});

test('after an interruption of NATS the authenticator is asked again', async () => {
  await using at = await start({ cacheSeconds: 60 });
  await at.auth.connect('pump-7', 'secret', AT_GATEWAY);
  await at.auth.nats.reconnect();
  await eventually(async () => {
    expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
    expect(at.server.questions).toHaveLength(2);
  });
});

test('the answer says how long it holds and what it allows', async () => {
  await using at = await start({ cacheSeconds: 60 });
  const acl = [{ topic: 'up/${deviceName}/#', action: 'publish', effect: 'allow' }];
  at.server.behaviour.judge = () => ({ body: { deviceName: 'pump-7', acl, expiresInSeconds: 2 } });
  const before = Date.now();
  const answer = await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
  if (answer.outcome !== 'admitted') throw new Error(answer.reason);
  expect(answer.permissions).toEqual(acl);
  const expiresAt = Date.parse(answer.expiresAt ?? '');
  expect(expiresAt).toBeGreaterThanOrEqual(before + 2_000);

  const cached = await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
  expect(cached).toMatchObject({ permissions: acl, expiresAt: answer.expiresAt });
  await eventually(async () => {
    await at.auth.admit('pump-7', 'secret', AT_GATEWAY);
    expect(at.server.questions).toHaveLength(2);
  });
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
});

test('a verified certificate is handed on, and only at a gateway that verifies', async () => {
  await using at = await start();
  const clientCertificate = { commonName: 'CN001', serialNumber: '0a', issuer: 'CN=CA', fingerprint: 'ff' };
  const shown = { ...AT_GATEWAY, clientCertificate };
  expect(await at.auth.connect(undefined, undefined, shown)).toBe('malformed-credentials');
  expect(await at.auth.connect('pump-7', 'secret', shown)).toBe('admitted');
  expect(at.server.questions.at(-1)).not.toHaveProperty('certificateCommonName');

  at.auth.registry.gateways.set(GATEWAY, {
    ...at.gateway,
    version: 2,
    x509: { enabled: true, commonNameMustEqualUsername: false },
  });
  at.server.behaviour.judge = ({ certificateCommonName }) => ({
    body: { deviceName: certificateCommonName },
  });
  const newer = { ...shown, gatewayVersion: 2 };
  expect(await at.auth.admit(undefined, undefined, newer)).toMatchObject({ deviceName: 'CN001' });
  expect(at.server.questions.at(-1)).toMatchObject({ username: '', certificateCommonName: 'CN001' });
});

test('while the registry is away a device that is known comes in, and a new one is put off', async () => {
  await using at = await start({}, { ...GIVEN_UP_SOON, AUTH_NEGATIVE_CACHE_SECONDS: '0' });
  await at.auth.connect('pump-7', 'secret', AT_GATEWAY);
  at.auth.registry.leave();
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  await eventually(async () =>
    expect(await at.auth.connect('drill-7', 'secret', AT_GATEWAY)).toBe('authenticator-unavailable'),
  );
});

test('the password of imported credentials opens no gateway of a third party', async () => {
  await using at = await start();
  at.server.behaviour.judge = (question) =>
    question['username'] === 'pump' ? { status: 403 } : judgeBySecret(question);
  expect(await at.auth.connect('pump', 'secret', AT_GATEWAY)).toBe('authenticator-refused');
  expect(at.auth.metrics.credentialLookups.of('registry')).toBe(0);
});

test('who guesses passwords of a device from elsewhere does not keep the device itself out', async () => {
  await using at = await start({}, { AUTH_NEGATIVE_CACHE_SECONDS: '0', AUTH_AUTHENTICATOR_WAIT_MS: '500' });
  at.server.behaviour.judge = (question) =>
    question['password'] === 'secret' ? judgeBySecret(question) : undefined;
  const guesses = Array.from({ length: 10 }, (_, index) =>
    at.auth.connect('pump-7', `guess-${index}`, { ...AT_GATEWAY, remoteAddress: '203.0.113.9' }),
  );
  await eventually(() => expect(at.server.questions).toHaveLength(1));
  expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  // One at a time, and so many wait.
  expect(at.server.questions).toHaveLength(2);
  at.server.behaviour.judge = judgeBySecret;
  at.server.hangUp();
  await Promise.all(guesses);
});

describe('an edge that says how long it waits', () => {
  const WAIT_MS = 2_000;
  const connecting = { ...AT_GATEWAY, waitMs: WAIT_MS };

  type Answer = Awaited<ReturnType<Awaited<ReturnType<typeof start>>['auth']['admit']>>;

  /** How it ended, and whether that was in time. */
  async function answered(ask: () => Promise<Answer>): Promise<Answer & { readonly inTime: boolean }> {
    const answers: Answer[] = [];
    const tookMs = await quickest(
      WAIT_MS,
      async () => {
        const startedAt = performance.now();
        answers.push(await ask());
        return performance.now() - startedAt;
      },
      2,
    );
    const [last] = answers.slice(-1);
    if (last === undefined) throw new Error('nobody was asked');
    return { ...last, inTime: tookMs < WAIT_MS };
  }

  test('is answered sooner than the authenticator must have answered', async () => {
    await using at = await start();
    at.server.behaviour.judge = () => undefined;
    const answer = await answered(() => at.auth.admit('pump-7', 'secret', connecting));
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-timeout', inTime: true });
    await eventually(() => expect(at.server.load.now).toBe(0));
  });

  test('is answered sooner than a call that another CONNECT has begun', async () => {
    await using at = await start();
    at.server.behaviour.judge = () => undefined;
    const patient = at.auth.admit('pump-7', 'secret', AT_GATEWAY);
    await eventually(() => expect(at.server.questions).toHaveLength(1));
    const answer = await answered(() => at.auth.admit('pump-7', 'secret', connecting));
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-timeout', inTime: true });
    expect(outcomesOf(answer.steps)).toEqual(['gateway-lookup cached', 'device-queue timeout']);
    expect(at.server.questions).toHaveLength(1);
    at.server.hangUp();
    expect(await patient).toMatchObject({ reason: 'authenticator-unavailable' });
  });

  test('opens no breaker when the authenticator did not have its time', async () => {
    await using at = await start();
    const judge = at.server.behaviour.judge;
    at.server.behaviour.judge = () => undefined;
    const hurried = Array.from({ length: 20 }, (_, index) =>
      at.auth.admit(`hurried-${index}`, 'secret', {
        ...AT_GATEWAY,
        waitMs: 600,
        remoteAddress: `192.0.2.${index}`,
      }),
    );
    for (const answer of await Promise.all(hurried)) {
      expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-timeout' });
    }
    at.server.behaviour.judge = judge;
    expect(await at.auth.connect('pump-7', 'secret', AT_GATEWAY)).toBe('admitted');
  });

  test('is told that others are before it when no time is left for a call', async () => {
    await using at = await start(
      {},
      { AUTH_AUTHENTICATOR_CALLS_AT_ONCE: '1', AUTH_AUTHENTICATOR_WAIT_MS: '60000' },
    );
    at.server.behaviour.judge = () => undefined;
    const first = at.auth.admit('pump-1', 'secret', AT_GATEWAY);
    await eventually(() => expect(at.server.questions).toHaveLength(1));
    const answer = await answered(() => at.auth.admit('pump-7', 'secret', connecting));
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-busy', inTime: true });
    expect(answer.steps.at(-1)).toMatchObject({ name: 'authenticator-queue', outcome: 'timeout' });
    at.server.hangUp();
    await first;
    expect(at.server.questions).toHaveLength(1);

    const late = await at.auth.admit('pump-8', 'secret', { ...AT_GATEWAY, waitMs: 300 });
    expect(late).toMatchObject({ outcome: 'refused', reason: 'authenticator-busy' });
    expect(at.server.questions).toHaveLength(1);
  });

  test('is answered while the registry has not said which device it is', async () => {
    await using at = await start();
    expect(await at.auth.connect('pump-1', 'secret', AT_GATEWAY)).toBe('admitted');
    at.auth.registry.leave();
    const answer = await answered(() => at.auth.admit('pump-7', 'secret', connecting));
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-unavailable', inTime: true });
    expect(answer.steps.at(-1)).toMatchObject({ name: 'device', outcome: 'failed' });
  });
});
