import { randomBytes, scryptSync } from 'node:crypto';
import {
  findCredential,
  registryEventSubject,
  type admitDevice,
  type PasswordHash,
  type RequestOf,
} from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { AdmitDevice } from '../admission/admit-device.ts';
import { readAuthConfig } from '../auth.config.ts';
import { AuthMetrics } from '../observability/auth-metrics.ts';
import { CredentialChanges } from './credential-changes.ts';
import { CredentialDirectory, type CredentialAnswer } from './credential-directory.ts';
import { OneWayCredentials } from './one-way-credentials.ts';
import { PasswordHasher } from './password-hasher.ts';
import { PasswordProof } from './password-proof.ts';

const GATEWAY = 'gw-1';
const PRODUCT = 'a1product';

function hashOf(password: string): PasswordHash {
  const salt = randomBytes(16);
  const settings = { cost: 512, blockSize: 8, parallelization: 1 };
  const hash = scryptSync(password, salt, 32, settings);
  return {
    algorithm: 'scrypt',
    ...settings,
    salt: salt.toString('base64'),
    hash: hash.toString('base64'),
  };
}

function found(deviceName: string, password: string, isDisabled = false): CredentialAnswer {
  return { outcome: 'found', productKey: PRODUCT, deviceName, isDisabled, password: hashOf(password) };
}

/** A registry that answers `registry.v1.find-credential` from a map, until it is taken away. */
function answerAsRegistry(nats: NatsConnection) {
  const devices = new Map([
    ['pump', found('pump', 'secret')],
    ['idle', found('idle', 'secret', true)],
  ]);
  const subscription = nats.subscribe(findCredential.subject, {
    callback: (_error, message) => {
      const { gatewayId, username } = findCredential.request.parse(message.json());
      const answer: CredentialAnswer = {
        [GATEWAY]: devices.get(username) ?? { outcome: 'unknown-device' as const, productKey: PRODUCT },
        'gw-third-party': { outcome: 'not-served' as const, productKey: PRODUCT },
      }[gatewayId] ?? { outcome: 'unknown-gateway' };
      message.respond(JSON.stringify(answer));
    },
  });
  return { devices, leave: () => subscription.unsubscribe() };
}

async function startAuth(environment: NodeJS.ProcessEnv = {}) {
  const server = await startTestNats();
  const registryNats = await connectNats(server.url, 'registry');
  const nats = await connectNats(server.url, 'auth');
  const registry = answerAsRegistry(registryNats);
  await registryNats.flush();

  const config = readAuthConfig({ AUTH_REGISTRY_TIMEOUT_MS: '500', ...environment });
  const metrics = new AuthMetrics();
  const logger = createLogger('auth', 'silent');
  const directory = new CredentialDirectory(nats, config, metrics, logger);
  const changes = new CredentialChanges(nats, directory);
  const hasher = new PasswordHasher(config, metrics);
  const verifier = new OneWayCredentials(directory, hasher, new PasswordProof(), metrics);
  const admission = new AdmitDevice(verifier, metrics, logger);
  await nats.flush();

  return {
    nats,
    registry,
    metrics,
    async connect(username?: string, password?: string, gatewayId = GATEWAY) {
      const request: RequestOf<typeof admitDevice> = {
        gatewayId,
        gatewayVersion: 0,
        clientId: 'c1',
        protocolVersion: 4,
        remoteAddress: '127.0.0.1',
        userProperties: [],
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: Buffer.from(password).toString('base64') }),
      };
      const answer = await admission.admit(request);
      return answer.outcome === 'admitted' ? 'admitted' : answer.reason;
    },
    async announce(type: string, ...ids: [aggregate: string, ...rest: string[]]) {
      const [aggregate, ...rest] = ids;
      registryNats.publish(registryEventSubject(aggregate, ...rest), JSON.stringify({ type }));
      await registryNats.flush();
      await nats.flush();
    },
    async [Symbol.asyncDispose]() {
      changes.onModuleDestroy();
      await nats.close();
      await registryNats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('the right password admits, everything else is refused with its reason', async () => {
  await using auth = await startAuth();
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(await auth.connect('pump', 'Secret')).toBe('wrong-password');
  expect(await auth.connect('drill', 'secret')).toBe('unknown-device');
  expect(await auth.connect('pump', 'secret', 'gw-2')).toBe('unknown-gateway');
  expect(await auth.connect('idle', 'secret')).toBe('device-disabled');
  expect(auth.metrics.admissions.of('admitted')).toBe(1);
  expect(auth.metrics.admissions.of('device-disabled')).toBe(1);
});

test('a gateway that wants more than a password admits nobody, whatever the password', async () => {
  await using auth = await startAuth();
  expect(await auth.connect('pump', 'secret', 'gw-third-party')).toBe('authenticator-unavailable');
  expect(await auth.connect('drill', 'secret', 'gw-third-party')).toBe('authenticator-unavailable');
});

test('a registry that restarts is waited for', async () => {
  await using auth = await startAuth({ AUTH_REGISTRY_TIMEOUT_MS: '5000' });
  auth.registry.leave();
  const connecting = auth.connect('pump', 'secret');
  await eventually(() => expect(auth.metrics.credentialLookups.of('registry')).toBe(0));
  answerAsRegistry(auth.nats);
  expect(await connecting).toBe('admitted');
});

test('a stranger is not told that a device is disabled', async () => {
  await using auth = await startAuth();
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
  await using auth = await startAuth();
  expect(await auth.connect(username, password)).toBe('malformed-credentials');
  expect(auth.metrics.credentialLookups.of('registry')).toBe(0);
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(0);
});

test('an unknown user costs one scrypt run, as a wrong password does', async () => {
  await using auth = await startAuth();
  await auth.connect('drill', 'secret');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
  await auth.connect('pump', 'wrong');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(2);
});

test('a device that comes again is neither looked up nor hashed again', async () => {
  await using auth = await startAuth();
  for (let time = 0; time < 3; time += 1) expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(auth.metrics.credentialLookups.of('registry')).toBe(1);
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
  expect(auth.metrics.passwordChecks.of('remembered')).toBe(2);
  expect(await auth.connect('pump', 'wrong')).toBe('wrong-password');
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(2);
});

test('many CONNECTs of one device at once ask the registry once', async () => {
  await using auth = await startAuth();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => auth.connect('pump', 'secret')));
  expect(new Set(outcomes)).toEqual(new Set(['admitted']));
  expect(auth.metrics.credentialLookups.of('registry')).toBe(1);
});

test('while the registry is away, devices of the cache come in and others are put off', async () => {
  await using auth = await startAuth();
  await auth.connect('pump', 'secret');
  auth.registry.leave();
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  expect(await auth.connect('pump', 'wrong')).toBe('wrong-password');
  await eventually(async () =>
    expect(await auth.connect('idle', 'secret')).toBe('authenticator-unavailable'),
  );
});

test('the cache is used within its expiry only', async () => {
  await using auth = await startAuth({ AUTH_CREDENTIAL_CACHE_SECONDS: '1' });
  expect(await auth.connect('pump', 'secret')).toBe('admitted');
  auth.registry.leave();
  await eventually(async () =>
    expect(await auth.connect('pump', 'secret')).toBe('authenticator-unavailable'),
  );
});

test('an expired entry is asked for again, and its password still remembered', async () => {
  await using auth = await startAuth({ AUTH_CREDENTIAL_CACHE_SECONDS: '1' });
  await auth.connect('pump', 'secret');
  await eventually(async () => {
    expect(await auth.connect('pump', 'secret')).toBe('admitted');
    expect(auth.metrics.credentialLookups.of('registry')).toBe(2);
  });
  expect(auth.metrics.passwordChecks.of('hashed')).toBe(1);
});

test('a new password is in force, and the old one refused, as soon as the registry reports it', async () => {
  await using auth = await startAuth();
  await auth.connect('pump', 'secret');
  auth.registry.devices.set('pump', found('pump', 'changed'));
  expect(await auth.connect('pump', 'secret')).toBe('admitted');

  await auth.announce('DeviceCredentialsReplaced', 'device', PRODUCT, 'pump');

  expect(await auth.connect('pump', 'secret')).toBe('wrong-password');
  expect(await auth.connect('pump', 'changed')).toBe('admitted');
});

test('a change of the gateway drops its devices', async () => {
  await using auth = await startAuth();
  await auth.connect('pump', 'secret');
  auth.registry.devices.set('pump', found('pump', 'secret', true));
  await auth.announce('GatewayChanged', 'gateway', GATEWAY);
  expect(await auth.connect('pump', 'secret')).toBe('device-disabled');
});

test('a device that came online or went offline stays in the cache', async () => {
  await using auth = await startAuth();
  await auth.connect('pump', 'secret');
  await auth.announce('DeviceConnected', 'device', PRODUCT, 'pump');
  await auth.announce('DeviceDisconnected', 'device', PRODUCT, 'pump');
  await auth.connect('pump', 'secret');
  expect(auth.metrics.credentialLookups.of('cache')).toBe(1);
});

test('after an interruption of NATS everything is asked for again', async () => {
  await using auth = await startAuth();
  await auth.connect('pump', 'secret');
  await auth.nats.reconnect();
  await eventually(async () => {
    expect(await auth.connect('pump', 'secret')).toBe('admitted');
    expect(auth.metrics.credentialLookups.of('registry')).toBe(2);
  });
});
