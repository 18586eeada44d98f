import { gatewayInput } from '@gatehouse/contracts';
import { deciderSpec } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { gatewayDecider } from './gateway.decider.ts';
import type { GatewayEvent, ServerCertificate } from './gateway.events.ts';

const { given } = deciderSpec(gatewayDecider);
const certificateOf = (fingerprint: string): ServerCertificate => ({
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
const certificates = { serverCertificate: 'PEM', serverPrivateKey: 'PEM' };
const input = gatewayInput.parse({ name: 'plant_7', certificates });
const created: GatewayEvent = {
  type: 'GatewayCreated',
  data: {
    ...ids,
    name: 'plant_7',
    port: 1883,
    hostname: null,
    topicSpace: 'isolated',
    parsingEnabled: false,
    authentication: { type: 'one-way' },
    x509Enabled: false,
    ocsp: 'disabled',
    serverCertificate: certificateOf('aa'),
  },
};
const { gatewayId } = ids;
const deleted: GatewayEvent = { type: 'GatewayDeleted', data: ids };
const deletion = { type: 'DeleteGateway' as const, gatewayId, hasOnlineDevices: false, force: false };

test('a gateway is created with what was asked for, and with defaults for the rest', () => {
  given()
    .when({ type: 'CreateGateway', ...ids, input, serverCertificate: certificateOf('aa') })
    .expectEvents(created);
});

test('everything that is not offered is refused at once, each field by its name', () => {
  const asked = gatewayInput.parse({
    name: 'plant_7',
    topicSpace: 'shared',
    authentication: { type: 'third-party', method: 'https', url: 'https://auth.example.com' },
    x509: { enabled: true },
    ocsp: 'client',
    certificates: { ...certificates, deviceRootCertificate: 'PEM', trustedCertificate: 'PEM' },
  });
  const decide = () =>
    gatewayDecider.decide(
      { type: 'CreateGateway', ...ids, input: asked, serverCertificate: certificateOf('aa') },
      gatewayDecider.initialState,
    );
  expect(decide).toThrow(
    expect.objectContaining({
      code: 'REGISTRY_FEATURE_NOT_OFFERED',
      kind: 'not-offered',
      errors: [
        { path: 'topicSpace', message: 'can only be isolated' },
        { path: 'authentication.type', message: 'can only be one-way' },
        { path: 'x509.enabled', message: 'can only be false' },
        { path: 'ocsp', message: 'can only be disabled' },
        expect.objectContaining({ path: 'certificates.deviceRootCertificate' }),
        expect.objectContaining({ path: 'certificates.trustedCertificate' }),
      ],
    }),
  );
});

test('a change says what happened, one event each', () => {
  given(created)
    .when({
      type: 'ChangeGateway',
      gatewayId,
      patch: { name: 'plant_8', parsing: { enabled: true } },
      serverCertificate: certificateOf('bb'),
    })
    .expectEvents(
      { type: 'GatewayRenamed', data: { gatewayId, name: 'plant_8' } },
      { type: 'ServerCertificateReplaced', data: { gatewayId, serverCertificate: certificateOf('bb') } },
      { type: 'ParsingSwitched', data: { ...ids, enabled: true } },
    );
});

test('a change to what is so already changes nothing', () => {
  given(created)
    .when({
      type: 'ChangeGateway',
      gatewayId,
      patch: {
        name: 'plant_7',
        parsing: { enabled: false },
        authentication: { type: 'one-way' },
        ocsp: 'disabled',
      },
      serverCertificate: certificateOf('aa'),
    })
    .expectNoEvents();
});

test('a change cannot bring in what is not offered', () => {
  given(created)
    .when({ type: 'ChangeGateway', gatewayId, patch: { x509: { enabled: true } } })
    .expectFailure('REGISTRY_FEATURE_NOT_OFFERED');
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
  given().when({ type: 'ChangeGateway', gatewayId, patch: {} }).expectFailure('REGISTRY_GATEWAY_NOT_FOUND');
  given(created, deleted).when(deletion).expectFailure('REGISTRY_GATEWAY_NOT_FOUND');
});
