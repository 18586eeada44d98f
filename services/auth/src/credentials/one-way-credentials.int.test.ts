import { eventually, quickest, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import {
  answerAsRegistry,
  found,
  GATEWAY,
  GIVEN_UP_SOON,
  oneWayGateway,
  PRODUCT,
  startAuth,
} from '../testing/auth-on-nats.ts';

test('the right password admits, everything else is refused with its reason', async () => {
  await using auth = await startAuth(await startTestNats());
  expect(await auth.admit('pump', 'secret')).toMatchObject({ outcome: 'admitted', credentialVersion: 3 });
  expect(await auth.connect('pump', 'Secret')).toBe('wrong-password');
  expect(await auth.connect('drill', 'secret')).toBe('unknown-device');
  expect(await auth.connect('pump', 'secret', { gatewayId: 'gw-2' })).toBe('unknown-gateway');
  expect(await auth.connect('idle', 'secret')).toBe('device-disabled');
  expect(auth.metrics.admissions.of('admitted')).toBe(1);
  expect(auth.metrics.admissions.of('device-disabled')).toBe(1);
});

test('with X.509 the password counts, and the common name when the gateway says so', async () => {
  await using auth = await startAuth(await startTestNats());
  const clientCertificate = { commonName: 'drill', serialNumber: '0a', issuer: 'CN=CA', fingerprint: 'ff' };
  const own = { ...clientCertificate, commonName: 'pump' };
  auth.registry.gateways.set(GATEWAY, oneWayGateway({ enabled: true, commonNameMustEqualUsername: false }));
  expect(await auth.connect('pump', 'secret', { clientCertificate })).toBe('admitted');
  expect(await auth.connect('pump', 'wrong', { clientCertificate: own })).toBe('wrong-password');
  expect(await auth.connect('pump', 'secret')).toBe('malformed-credentials');

  auth.registry.gateways.set(GATEWAY, {
    ...oneWayGateway({ enabled: true, commonNameMustEqualUsername: true }),
    version: 2,
  });
  const newer = { gatewayVersion: 2 };
  expect(await auth.connect('pump', 'secret', { clientCertificate, ...newer })).toBe('common-name-mismatch');
  expect(await auth.connect('pump', 'secret', { clientCertificate: own, ...newer })).toBe('admitted');
});

test('no gateway is judged by an older version than the edge knows', async () => {
  await using auth = await startAuth(await startTestNats(), GIVEN_UP_SOON);
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(await auth.connect('pump', 'secret', { gatewayVersion: 2 })).toBe('authenticator-unavailable');
  const connecting = auth.connect('pump', 'secret', { gatewayVersion: 2 });
  auth.registry.gateways.set(GATEWAY, { ...oneWayGateway(), version: 3 });
  expect(await connecting).toBe('admitted');
});

test('every step of an admission is told, and none tells the password', async () => {
  await using auth = await startAuth(await startTestNats());
  const namesOf = async (password: string) =>
    (await auth.admit('pump', password)).steps.map(({ name, outcome }) => `${name} ${outcome}`);
  expect(await namesOf('secret')).toEqual(['gateway-lookup ok', 'credential-lookup known', 'password match']);
  expect(await namesOf('secret')).toEqual([
    'gateway-lookup cached',
    'credential-lookup cached',
    'password remembered',
  ]);
  expect(await namesOf('wrong')).toEqual([
    'gateway-lookup cached',
    'credential-lookup cached',
    'password mismatch',
  ]);
  expect(JSON.stringify(await auth.admit('pump', 'secret'))).not.toContain('secret');
});

test('a registry that restarts is waited for', async () => {
  await using auth = await startAuth(await startTestNats());
  auth.registry.leave();
  const connecting = auth.connect('pump', 'secret');
  answerAsRegistry(auth.nats);
  expect(await connecting).toBe('admitted');
});

test('an edge that says how long it waits is answered sooner than the registry is given up', async () => {
  await using auth = await startAuth(await startTestNats(), { AUTH_REGISTRY_TIMEOUT_MS: '60000' });
  await auth.connect('pump', 'secret');
  auth.registry.leave();
  for (const [gatewayVersion, step] of [
    [1, 'credential-lookup'],
    [2, 'gateway-lookup'],
  ] as const) {
    const answeredAfterMs = await quickest(2_000, async () => {
      const startedAt = performance.now();
      const answer = await auth.admit('idle', 'secret', { gatewayVersion, waitMs: 2_000 });
      expect(answer).toMatchObject({ outcome: 'refused', reason: 'authenticator-unavailable' });
      expect(answer.steps.at(-1)).toMatchObject({ name: step, outcome: 'failed' });
      return performance.now() - startedAt;
    });
    expect(answeredAfterMs).toBeLessThan(2_000);
  }
});

test('a stranger is not told that a device is disabled', async () => {
  await using auth = await startAuth(await startTestNats());
  expect(await auth.connect('idle', 'guess')).toBe('wrong-password');
  expect(await auth.connect('idle', 'secret')).toBe('device-disabled');
  expect(await auth.connect('idle', 'guess')).toBe('wrong-password');
});

test.each([
  [undefined, undefined],
  ['pump', undefined],
  [undefined, 'secret'],
  ['pum', 'secret'],
  ['pump', ''],
  ['pump', 's'.repeat(33)],
  ['pu mp', 'secret'],
  ['pump/1', 'secret'],
  ['pump', 'sécret'],
  ['pump', '\u0000'],
])('user name %j with password %j is malformed, and nobody is asked', async (username, password) => {
  await using auth = await startAuth(await startTestNats());
  expect(await auth.connect(username, password)).toBe('malformed-credentials');
  expect(auth.metrics.credentialLookups.of('registry')).toBe(0);
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(0);
});

test('an unknown user costs one scrypt run, as a wrong password does', async () => {
  await using auth = await startAuth(await startTestNats());
  await auth.connect('drill', 'secret');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
  await auth.connect('pump', 'wrong');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(2);
});

test('a device that comes again is neither looked up nor hashed again', async () => {
  await using auth = await startAuth(await startTestNats());
  for (let time = 0; time < 3; time += 1) expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(auth.metrics.credentialLookups.of('registry')).toBe(1);
  expect(auth.metrics.gatewayLookups.of('registry')).toBe(1);
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
  expect(auth.metrics.passwordChecks.of('remembered')).toBe(2);
  expect(await auth.connect('pump', 'wrong')).toBe('wrong-password');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(2);
});

test('many CONNECTs of one device at once ask the registry once', async () => {
  await using auth = await startAuth(await startTestNats());
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => auth.connect('pump', 'secret')));
  expect(new Set(outcomes)).toEqual(new Set(['admitted']));
  expect(auth.metrics.credentialLookups.of('registry')).toBe(1);
});

test('while the registry is away, devices of the cache come in and others are put off', async () => {
  await using auth = await startAuth(await startTestNats(), GIVEN_UP_SOON);
  await auth.connect('pump', 'secret');
  auth.registry.leave();
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(await auth.connect('pump', 'wrong')).toBe('wrong-password');
  await eventually(async () =>
    expect(await auth.connect('idle', 'secret')).toBe('authenticator-unavailable'),
  );
});

test('the cache is used within its expiry only', async () => {
  const environment = { ...GIVEN_UP_SOON, AUTH_CREDENTIAL_CACHE_SECONDS: '1' };
  await using auth = await startAuth(await startTestNats(), environment);
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  auth.registry.leave();
  await eventually(async () =>
    expect(await auth.connect('pump', 'secret')).toBe('authenticator-unavailable'),
  );
});

test('an expired entry is asked for again, and its password still remembered', async () => {
  await using auth = await startAuth(await startTestNats(), { AUTH_CREDENTIAL_CACHE_SECONDS: '1' });
  await auth.connect('pump', 'secret');
  await eventually(async () => {
    expect(await auth.connect('pump', 'secret')).toBe('admitted');
    expect(auth.metrics.credentialLookups.of('registry')).toBe(2);
  });
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
});

test('a new password is in force, and the old one refused, as soon as the registry reports it', async () => {
  await using auth = await startAuth(await startTestNats());
  await auth.connect('pump', 'secret');
  auth.registry.credentials.set('pump', found('pump', 'changed'));
  expect(await auth.connect('pump', 'secret')).toBe('admitted');

  await auth.announce('DeviceCredentialsReplaced', 'device', PRODUCT, 'pump');

  expect(await auth.connect('pump', 'secret')).toBe('wrong-password');
  expect(await auth.connect('pump', 'changed')).toBe('admitted');
});

test('a change of the gateway drops its devices', async () => {
  await using auth = await startAuth(await startTestNats());
  await auth.connect('pump', 'secret');
  auth.registry.credentials.set('pump', found('pump', 'secret', true));
  await auth.announce('GatewayChanged', 'gateway', GATEWAY);
  expect(await auth.connect('pump', 'secret')).toBe('device-disabled');
});

test('a device that came online or went offline stays in the cache', async () => {
  await using auth = await startAuth(await startTestNats());
  await auth.connect('pump', 'secret');
  await auth.announce('DeviceConnected', 'device', PRODUCT, 'pump');
  await auth.announce('DeviceDisconnected', 'device', PRODUCT, 'pump');
  await auth.connect('pump', 'secret');
  expect(auth.metrics.credentialLookups.of('cache')).toBe(1);
});

test('after an interruption of NATS everything is asked for again', async () => {
  await using auth = await startAuth(await startTestNats());
  await auth.connect('pump', 'secret');
  await auth.nats.reconnect();
  await eventually(async () => {
    expect(await auth.connect('pump', 'secret')).toBe('admitted');
    expect(auth.metrics.credentialLookups.of('registry')).toBe(2);
  });
});
