import { randomBytes, scryptSync } from 'node:crypto';
import {
  ensureDevice,
  findCredential,
  getGatewayAdmission,
  registryEventSubject,
  type admitDevice,
  type GatewayAdmission,
  type PasswordHash,
  type ReplyOf,
  type RequestContract,
  type RequestOf,
} from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { readAuthConfig } from '../auth.config.ts';
import { CredentialDirectory, type CredentialAnswer } from '../credentials/credential-directory.ts';
import { OneWayCredentials } from '../credentials/one-way-credentials.ts';
import { PasswordHasher } from '../credentials/password-hasher.ts';
import { PasswordProof } from '../credentials/password-proof.ts';
import { AuthMetrics } from '../observability/auth-metrics.ts';
import { DeviceDirectory } from '../registry/device-directory.ts';
import { GatewayDirectory } from '../registry/gateway-directory.ts';
import { RegistryChanges } from '../registry/registry-changes.ts';
import { RegistryClient } from '../registry/registry-client.ts';
import { GuardedAuthenticators, type MakeAuthenticator } from '../third-party/guarded-authenticators.ts';
import { ThirdPartyCredentials } from '../third-party/third-party-credentials.ts';
import { TestAuthentication } from '../trial/test-authentication.ts';
import { AdmitDevice } from '../admission/admit-device.ts';

export type AdmitRequest = RequestOf<typeof admitDevice>;

/** For tests that wait until the registry is given up. */
export const GIVEN_UP_SOON = { AUTH_REGISTRY_TIMEOUT_MS: '1000' };
export const GATEWAY = 'gw-1';
export const PRODUCT = 'a1product';

export function hashOf(password: string): PasswordHash {
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

export function found(deviceName: string, password: string, isDisabled = false): CredentialAnswer {
  return {
    outcome: 'found',
    productKey: PRODUCT,
    deviceName,
    isDisabled,
    credentialVersion: 3,
    password: hashOf(password),
  };
}

export function oneWayGateway(
  x509 = { enabled: false, commonNameMustEqualUsername: false },
): GatewayAdmission {
  return {
    gatewayId: GATEWAY,
    productKey: PRODUCT,
    version: 1,
    authentication: { type: 'one-way' },
    accessKeySecret: null,
    x509,
  };
}

/** A registry that answers from maps, until it is taken away. */
export function answerAsRegistry(nats: NatsConnection) {
  const credentials = new Map([
    ['pump', found('pump', 'secret')],
    ['idle', found('idle', 'secret', true)],
  ]);
  const gateways = new Map([[GATEWAY, oneWayGateway()]]);
  /** Made by authenticators; the value is whether they are disabled. */
  const devices = new Map<string, boolean>();
  const asked = { gateways: 0, devices: 0, devicesMade: 0 };

  const answer = <C extends RequestContract>(
    contract: C,
    reply: (request: RequestOf<C>) => ReplyOf<C>,
  ): Subscription =>
    nats.subscribe(contract.subject, {
      callback: (_error, message) => {
        const request = contract.request.parse(message.json()) as RequestOf<C>;
        message.respond(JSON.stringify(reply(request)));
      },
    });
  const subscriptions = [
    answer(findCredential, ({ gatewayId, username }): CredentialAnswer =>
      gatewayId === GATEWAY
        ? (credentials.get(username) ?? { outcome: 'unknown-device', productKey: PRODUCT })
        : { outcome: 'unknown-gateway' },
    ),
    answer(getGatewayAdmission, ({ gatewayId }) => {
      asked.gateways += 1;
      return { admission: gateways.get(gatewayId) ?? null };
    }),
    answer(ensureDevice, ({ gatewayId, deviceName }): ReplyOf<typeof ensureDevice> => {
      asked.devices += 1;
      const gateway = gateways.get(gatewayId);
      if (gateway === undefined) return { outcome: 'unknown-gateway' };
      const key = `${gateway.productKey}/${deviceName}`;
      const isNew = !devices.has(key);
      if (isNew) asked.devicesMade += 1;
      devices.set(key, devices.get(key) ?? false);
      const { productKey } = gateway;
      const isDisabled = devices.get(key) ?? false;
      return { outcome: 'ready', productKey, deviceName, isDisabled, credentialVersion: 5, isNew };
    }),
  ];
  return {
    credentials,
    gateways,
    devices,
    asked,
    leave() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

function requestOf(username?: string, password?: string, rest: Partial<AdmitRequest> = {}): AdmitRequest {
  return {
    gatewayId: GATEWAY,
    gatewayVersion: 0,
    clientId: 'c1',
    protocolVersion: 4,
    remoteAddress: '127.0.0.1',
    userProperties: [],
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password).toString('base64') }),
    ...rest,
  };
}

/** auth as it is wired in auth.module.ts, on a real NATS that it disposes of, beside a registry that answers from memory. */
export async function startAuth(
  server: AsyncDisposable & { readonly url: string },
  environment: NodeJS.ProcessEnv = {},
  makeAuthenticator: MakeAuthenticator = () => undefined,
) {
  const registryNats = await connectNats(server.url, 'registry');
  const nats = await connectNats(server.url, 'auth');
  const registry = answerAsRegistry(registryNats);
  await registryNats.flush();

  const config = readAuthConfig(environment);
  const metrics = new AuthMetrics();
  const logger = createLogger('auth', 'silent');
  const client = new RegistryClient(nats, config);
  const gateways = new GatewayDirectory(client, config, metrics, logger);
  const credentials = new CredentialDirectory(client, config, metrics, logger);
  const devices = new DeviceDirectory(client, config, metrics, logger);
  const changes = new RegistryChanges(nats, [gateways, credentials, devices]);
  const hasher = new PasswordHasher(config, metrics);
  const authenticators = new GuardedAuthenticators(makeAuthenticator, config, metrics, logger);
  const verifiers = {
    'one-way': new OneWayCredentials(credentials, hasher, new PasswordProof(), metrics),
    'third-party': new ThirdPartyCredentials(authenticators, devices, config, metrics),
  };
  const admission = new AdmitDevice(gateways, verifiers, metrics, logger);
  await nats.flush();

  return {
    nats,
    registry,
    metrics,
    authenticators,
    trial: new TestAuthentication(gateways, makeAuthenticator),
    admit: (username?: string, password?: string, rest: Partial<AdmitRequest> = {}) =>
      admission.admit(requestOf(username, password, rest)),
    /** `admitted`, or the reason of the refusal. */
    async connect(username?: string, password?: string, rest: Partial<AdmitRequest> = {}) {
      const answer = await admission.admit(requestOf(username, password, rest));
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
