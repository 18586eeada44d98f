import { authenticationTestResult, testAuthentication } from '@gatehouse/contracts';
import { startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { GATEWAY, GIVEN_UP_SOON, startAuth } from '../testing/auth-on-nats.ts';
import {
  realAuthenticators,
  startAuthenticatorServer,
  thirdPartyGateway,
} from '../testing/authenticator-server.ts';

const THIRD_PARTY = 'gw-3';

async function start(environment: NodeJS.ProcessEnv = {}) {
  const server = await startAuthenticatorServer();
  const auth = await startAuth(
    await startTestNats(),
    { AUTH_BREAKER_MIN_CALLS: '1', ...environment },
    realAuthenticators(),
  );
  const parameters = [{ key: 'login', value: '${username}:${password}' }];
  auth.registry.gateways.set(
    THIRD_PARTY,
    thirdPartyGateway(THIRD_PARTY, server.url, { parameters, cacheSeconds: 60 }),
  );
  return {
    server,
    auth,
    async test(input: object, gatewayId = THIRD_PARTY) {
      const request = testAuthentication.request.parse({ gatewayId, gatewayVersion: 1, ...input });
      const reply = await auth.trial.test(request);
      return testAuthentication.reply.parse(reply);
    },
    async [Symbol.asyncDispose]() {
      await auth[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a test shows what was sent and received, the password masked, and makes no device', async () => {
  await using at = await start();
  for (let time = 0; time < 2; time += 1) {
    const reply = await at.test({ username: 'pump-7', password: 'secret' });
    expect(reply).toMatchObject({
      outcome: 'tested',
      result: {
        outcome: 'admitted',
        reason: null,
        deviceName: 'pump-7',
        sent: { method: 'POST', url: at.server.url },
        received: { status: 200, contentType: 'application/json' },
      },
    });
    expect(JSON.stringify(reply)).not.toContain('secret');
    expect(JSON.stringify(reply)).toContain('pump-7:***');
  }
  expect(at.server.questions).toHaveLength(2);
  expect(at.auth.registry.asked.devices).toBe(0);
});

test('a refusal and a failure are results, and open no breaker', async () => {
  await using at = await start();
  expect(await at.test({ username: 'pump-7', password: 'wrong' })).toMatchObject({
    result: { outcome: 'refused', reason: 'authenticator-refused', message: 'no' },
  });
  at.server.behaviour.judge = () => ({ status: 503 });
  for (let time = 0; time < 3; time += 1) {
    expect(await at.test({ username: 'pump-7', password: 'secret' })).toMatchObject({
      result: { outcome: 'refused', reason: 'authenticator-unavailable', received: { status: 503 } },
    });
  }
  expect(at.server.questions).toHaveLength(4);
  expect(at.auth.metrics.breakerChanges.of('open')).toBe(0);
});

test('what a device could not send is refused as the device would be', async () => {
  await using at = await start();
  const reply = await at.test({ username: 'pump-7', password: 'é' });
  expect(reply).toMatchObject({ result: { reason: 'malformed-credentials', sent: null } });
  expect(at.server.questions).toEqual([]);
  if (reply.outcome !== 'tested') throw new Error(reply.outcome);
  expect(authenticationTestResult.safeParse(reply.result).success).toBe(true);
});

test('a gateway of imported credentials has nobody to call, and an unknown one is unknown', async () => {
  await using at = await start();
  expect(await at.test({}, GATEWAY)).toEqual({ outcome: 'no-authenticator' });
  expect(await at.test({}, 'gw-9')).toEqual({ outcome: 'unknown-gateway' });
});

test('without the registry a test says so', async () => {
  await using at = await start(GIVEN_UP_SOON);
  at.auth.registry.leave();
  await expect(at.test({})).rejects.toMatchObject({ code: 'AUTH_GATEWAY_NOT_DESCRIBED' });
});
