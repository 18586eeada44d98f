import {
  DEFAULT_GATEWAY_LIMITS,
  DEFAULT_GATEWAY_TLS,
  DEFAULT_REVOCATION,
  gatewayInput,
  type GatewayAuthentication,
  type GatewayPatch,
} from '@gatehouse/contracts';
import { deciderSpec } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import type { GatewayCertificates } from './gateway-certificates.ts';
import { gatewayDecider, type GatewayCommand } from './gateway.decider.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';
import { GatewayInputInvalid } from './gateway.failures.ts';

const { given } = deciderSpec(gatewayDecider);
const certificateOf = (fingerprint: string): CertificateChain => ({
  chainPem: `PEM of ${fingerprint}`,
  chain: [
    {
      subject: 'CN=mqtt.example.com',
      issuer: 'CN=Example CA',
      serialNumber: '01',
      fingerprint,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2027-01-01T00:00:00.000Z',
    },
  ],
});
const ids = { gatewayId: 'gw-abcdefghij', productKey: 'a1abcdefghi' };
const { gatewayId } = ids;
const pems = { serverCertificate: 'PEM', serverPrivateKey: 'PEM' };
const input = gatewayInput.parse({ name: 'plant_7', certificates: pems });
const server = certificateOf('aa');
const https: GatewayAuthentication = {
  type: 'third-party',
  method: 'https',
  url: 'https://auth.example.com/verify',
  parameters: [],
  timeoutMs: 5_000,
  cacheSeconds: 0,
};
const functionCompute = {
  provider: 'aliyun-fc',
  endpoint: 'https://fc.example.com',
  service: 'devices',
  function: 'verify',
} as const;
const withKey = {
  type: 'third-party',
  method: 'function',
  function: { ...functionCompute, accessKeyId: 'id-1' },
} as const;

const replacement = (fingerprint: string, alternative: string | null = null) => ({
  gatewayId,
  serverCertificate: certificateOf(fingerprint),
  alternativeServerCertificate: alternative === null ? null : certificateOf(alternative),
  keepsFormer: true,
});

type CreatedData = Extract<GatewayEvent, { type: 'GatewayCreated' }>['data'];
const createdWith = (more: Partial<CreatedData>): GatewayEvent => ({
  type: 'GatewayCreated',
  data: {
    ...ids,
    name: 'plant_7',
    port: 1883,
    hostname: null,
    topicSpace: 'isolated',
    parsingEnabled: false,
    onParsingFailure: 'drop',
    authentication: { type: 'one-way' },
    x509Enabled: false,
    commonNameMustEqualUsername: false,
    ocsp: 'disabled',
    revocation: DEFAULT_REVOCATION,
    tls: DEFAULT_GATEWAY_TLS,
    serverCertificate: server,
    alternativeServerCertificate: null,
    deviceRootCertificate: null,
    trustedCertificate: null,
    limits: DEFAULT_GATEWAY_LIMITS,
    ...more,
  },
});
const created = createdWith({});
const mutual = createdWith({
  x509Enabled: true,
  deviceRootCertificate: certificateOf('d1'),
  ocsp: 'client-and-server',
  trustedCertificate: certificateOf('t1'),
});
const deleted: GatewayEvent = { type: 'GatewayDeleted', data: ids };
const deletion = { type: 'DeleteGateway' as const, gatewayId, hasOnlineDevices: false, force: false };

function change(
  patch: GatewayPatch,
  certificates: GatewayCertificates = {},
  hasNewAccessKeySecret = false,
): GatewayCommand {
  return { type: 'ChangeGateway', gatewayId, patch, certificates, hasNewAccessKeySecret, problems: [] };
}

function errorsOf(history: GatewayEvent, command: GatewayCommand): unknown {
  const state = gatewayDecider.evolve(gatewayDecider.initialState, history);
  try {
    gatewayDecider.decide(command, state);
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a gateway is created with what was asked for, and with defaults for the rest', () => {
  given()
    .when({ type: 'CreateGateway', ...ids, input, certificates: { server } })
    .expectEvents(created);
});

test('a secret of its authentication is in no event', () => {
  const authentication = { ...withKey, function: { ...withKey.function, accessKeySecret: 'secret-1' } };
  const asked = gatewayInput.parse({ name: 'plant_7', authentication, certificates: pems });
  given()
    .when({ type: 'CreateGateway', ...ids, input: asked, certificates: { server } })
    .expectEvents(createdWith({ authentication: withKey }));
});

test('a gateway with certificates that its switches do not fit is not created', () => {
  const asked = gatewayInput.parse({ name: 'plant_7', ocsp: 'server', certificates: pems });
  given()
    .when({ type: 'CreateGateway', ...ids, input: asked, certificates: { server } })
    .expectFailure('REGISTRY_GATEWAY_INPUT_INVALID');
});

test('a change says what happened, one event each', () => {
  const deviceRoot = certificateOf('d2');
  const trusted = certificateOf('t2');
  const limits = { ...DEFAULT_GATEWAY_LIMITS, maxSubscriptions: 10 };
  given(mutual)
    .when(
      change(
        {
          name: 'plant_8',
          ocsp: 'server',
          parsing: { enabled: true, onFailure: 'forward-raw' },
          limits: { maxSubscriptions: 10 },
        },
        { server: certificateOf('bb'), deviceRoot, trusted },
      ),
    )
    .expectEvents(
      { type: 'GatewayRenamed', data: { gatewayId, name: 'plant_8' } },
      { type: 'ServerCertificateReplaced', data: replacement('bb') },
      { type: 'DeviceRootReplaced', data: { gatewayId, deviceRootCertificate: deviceRoot } },
      { type: 'TrustedCertificateReplaced', data: { gatewayId, trustedCertificate: trusted } },
      { type: 'OcspModeChanged', data: { gatewayId, ocsp: 'server' } },
      { type: 'ParsingSwitched', data: { ...ids, enabled: true } },
      { type: 'OnParsingFailureChanged', data: { ...ids, onParsingFailure: 'forward-raw' } },
      { type: 'GatewayLimitsChanged', data: { gatewayId, limits } },
    );
});

test('a change to what is so already changes nothing', () => {
  given(created)
    .when(
      change(
        {
          name: 'plant_7',
          port: 1883,
          hostname: null,
          topicSpace: 'isolated',
          parsing: { enabled: false, onFailure: 'drop' },
          authentication: { type: 'one-way' },
          x509: { enabled: false },
          ocsp: 'disabled',
          limits: {},
        },
        { server },
      ),
    )
    .expectNoEvents();
});

test('what was settled at creation stays, and every field of it is named', () => {
  const patch: GatewayPatch = {
    port: 8883,
    hostname: 'mqtt.example.com',
    topicSpace: 'shared',
    x509: { enabled: true },
    authentication: { type: 'third-party', method: 'https', url: 'https://auth.example.com' },
  };
  expect(errorsOf(created, change(patch))).toMatchObject({
    code: 'REGISTRY_GATEWAY_FIELD_IMMUTABLE',
    errors: [
      { path: 'port', message: 'stays 1883 for life' },
      { path: 'hostname' },
      { path: 'topicSpace' },
      { path: 'x509.enabled' },
      { path: 'authentication.type' },
    ],
  });
});

test('everything that is wrong with a change is told at once, one error for each place', () => {
  const command = {
    ...change({ port: 8883, ocsp: 'client-and-server' }),
    problems: [
      new GatewayInputInvalid([{ path: 'certificates.trustedCertificate', message: 'must be PEM' }]),
    ],
  };
  expect(errorsOf(created, command)).toMatchObject({
    code: 'REGISTRY_GATEWAY_INPUT_INVALID',
    errors: [
      { path: 'certificates.trustedCertificate', message: 'must be PEM' },
      { path: 'port' },
      { path: 'ocsp' },
    ],
  });
});

test('OCSP for the server is switched on with its trusted certificate, which goes when it is switched off', () => {
  const trusted = certificateOf('t1');
  const on: readonly GatewayEvent[] = [
    { type: 'TrustedCertificateReplaced', data: { gatewayId, trustedCertificate: trusted } },
    { type: 'OcspModeChanged', data: { gatewayId, ocsp: 'server' } },
  ];
  const off: GatewayEvent = { type: 'OcspModeChanged', data: { gatewayId, ocsp: 'disabled' } };
  given(created)
    .when(change({ ocsp: 'server' }))
    .expectFailure('REGISTRY_GATEWAY_INPUT_INVALID');
  given(created)
    .when(change({ ocsp: 'server' }, { trusted }))
    .expectEvents(...on);
  given(created, ...on)
    .when(change({ ocsp: 'disabled' }))
    .expectEvents(off);
  given(created, ...on, off)
    .when(change({ ocsp: 'server' }))
    .expectFailure('REGISTRY_GATEWAY_INPUT_INVALID');
  given(created).when(change({}, { trusted })).expectFailure('REGISTRY_GATEWAY_INPUT_INVALID');
});

test('who is asked can change, also when only the secret does', () => {
  const target = { ...https, url: 'https://other.example.com/verify', timeoutMs: 1_000 };
  given(createdWith({ authentication: https }))
    .when(change({ authentication: { url: target.url, timeoutMs: 1_000 } }))
    .expectEvents({
      type: 'AuthenticationTargetChanged',
      data: { gatewayId, authentication: target, accessKeySecretReplaced: false },
    });
  given(createdWith({ authentication: withKey }))
    .when(change({ authentication: { function: { accessKeySecret: 'secret-2' } } }, {}, true))
    .expectEvents({
      type: 'AuthenticationTargetChanged',
      data: { gatewayId, authentication: withKey, accessKeySecretReplaced: true },
    });
});

test('a gateway with online devices is deleted only by force', () => {
  given(created).when(deletion).expectEvents(deleted);
  given(created)
    .when({ ...deletion, hasOnlineDevices: true })
    .expectFailure('REGISTRY_GATEWAY_HAS_ONLINE_DEVICES');
  given(created)
    .when({ ...deletion, hasOnlineDevices: true, force: true })
    .expectEvents(deleted);
});

test('a gateway that is not there is neither changed nor deleted', () => {
  given().when(change({})).expectFailure('REGISTRY_GATEWAY_NOT_FOUND');
  given(created, deleted).when(deletion).expectFailure('REGISTRY_GATEWAY_NOT_FOUND');
});
