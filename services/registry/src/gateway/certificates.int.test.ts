import { X509Certificate } from 'node:crypto';
import { getGateway, type GatewayListener, type GatewayView } from '@gatehouse/contracts';
import { callService, connectNats } from '@gatehouse/nats';
import { TestAuthority, type TestCertificate } from '@gatehouse/pki';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain } from '../domain-on-database.ts';
import { startServedRegistry, type ServedRegistry } from '../testing/registry-under-test.ts';
import { verifyViews } from '../views/rebuild-views.ts';

const MASTER_KEY = '07'.repeat(32);
const resources = new AsyncDisposableStack();
const root = TestAuthority.createRoot();
let nats: NatsConnection;
let registry: ServedRegistry;
let port = 24_000;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  nats = await connectNats(registry.natsUrl, 'edge');
  resources.defer(() => nats.close());
}, 240_000);
afterAll(() => resources.disposeAsync());

const pair = ({ certificatePem, privateKeyPem }: TestCertificate) => ({
  serverCertificate: certificatePem,
  serverPrivateKey: privateKeyPem,
});
const second = ({ certificatePem, privateKeyPem }: TestCertificate) => ({
  alternativeServerCertificate: certificatePem,
  alternativeServerPrivateKey: privateKeyPem,
});

async function create(name: string, more: object = {}, certificates: object = {}): Promise<GatewayView> {
  port += 1;
  const json = { name, port, ...more, certificates: { ...pair(root.issueServer()), ...certificates } };
  const { status, body } = await registry.call('POST /gateways', { json });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

async function listenerOf(gatewayId: string): Promise<GatewayListener> {
  const { gateway } = await callService(nats, getGateway, { gatewayId });
  if (gateway === null) throw new Error(`there is no gateway ${gatewayId}`);
  return gateway;
}

const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

test('two chains with their keys, the oldest TLS version and what OCSP is to do reach the edges', async () => {
  const rsa = root.issueServer({ keyType: 'rsa-2048' });
  const tls = { minVersion: '1.3' };
  const revocation = { scope: 'chain', onUnknown: 'refuse', responderUrl: 'http://ocsp.example.com/' };
  const { gatewayId } = await create('pair_1', { tls, revocation }, second(rsa));
  expect(await listenerOf(gatewayId)).toMatchObject({ tls, revocation, ...second(rsa) });

  const changed = await registry.call(`PATCH /gateways/${gatewayId}`, {
    json: {
      tls: { minVersion: '1.2' },
      revocation: { onUnknown: 'allow' },
      certificates: { alternativeServerCertificate: null },
    },
  });
  expect(changed).toMatchObject({
    status: 200,
    body: { tls: { minVersion: '1.2' }, revocation: { ...revocation, onUnknown: 'allow' } },
  });
  expect(await listenerOf(gatewayId)).toMatchObject({
    alternativeServerCertificate: null,
    alternativeServerPrivateKey: null,
    admissionVersion: 1,
  });
  const { body } = await registry.call(`GET /gateways/${gatewayId}/events`);
  expect(body.items.map(({ type }: { type: string }) => type)).toEqual([
    'TlsSettingsChanged',
    'RevocationSettingsChanged',
    'ServerCertificateReplaced',
    'GatewayCreated',
  ]);
  expect(JSON.stringify(body)).not.toContain('PRIVATE KEY');
  const same = second(root.issueServer());
  expect(await registry.call(`PATCH /gateways/${gatewayId}`, { json: { certificates: same } })).toMatchObject(
    { status: 400, body: { code: 'REGISTRY_CERTIFICATE_KEY_TYPE_SAME' } },
  );
});

test('a rollback goes one generation back with its key, three times, and not beyond', async () => {
  const { gatewayId } = await create('back_1');
  const chains = [1, 2, 3, 4].map(() => root.issueServer());
  for (const chain of chains) {
    const { status } = await registry.call(`PATCH /gateways/${gatewayId}`, {
      json: { certificates: pair(chain) },
    });
    expect(status).toBe(200);
  }
  const rollBack = () => registry.call(`POST /gateways/${gatewayId}/certificates:rollback`);
  const { body: before } = await registry.call(`GET /gateways/${gatewayId}/certificates`);
  expect(before.generations.map(({ version }: { version: number }) => version)).toEqual([5, 4, 3, 2]);
  for (const chain of chains.slice(0, 3).toReversed()) {
    const { status, body, headers } = await rollBack();
    expect({ status, pem: body.serverCertificate.pem }).toEqual({ status: 200, pem: chain.certificatePem });
    expect(headers.get('etag')).toBe(`"${body.version}"`);
    expect(await listenerOf(gatewayId)).toMatchObject(pair(chain));
  }
  expect(await rollBack()).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_CERTIFICATE_ROLLBACK_IMPOSSIBLE' },
  });
  expect(await registry.call('POST /gateways/gw-none/certificates:rollback')).toMatchObject({ status: 404 });
});

test('a check tells problems, warnings and the right order, and changes nothing', async () => {
  const { gatewayId } = await create('check_1', { hostname: 'mqtt.example.com' });
  const upper = root.createIntermediate({ commonName: 'A' });
  const lower = upper.createIntermediate({ commonName: 'B' });
  const leaf = lower.issueServer();
  const wrong = leaf.certificatePem + upper.certificatePem + lower.certificatePem + root.certificatePem;
  const other = TestAuthority.createRoot({ commonName: 'Another' });
  const { status, body } = await registry.call(`POST /gateways/${gatewayId}/certificates:check`, {
    json: { serverCertificate: wrong, trustedCertificate: other.certificatePem },
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    usable: false,
    problems: [{ code: 'REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER', path: 'certificates.serverCertificate' }],
    serverCertificate: { pem: lower.chainPem(leaf) },
  });
  expect(body.warnings.map(({ code }: { code: string }) => code)).toEqual([
    'root-left-out',
    'hostname-not-covered',
    'trusted-certificate-not-of-chain',
  ]);
  expect((await registry.call(`GET /gateways/${gatewayId}`)).body).toMatchObject({
    version: 1,
    notices: [{ code: 'hostname-not-covered' }],
  });
});

test('device roots are added, switched and deleted, and only what shuts devices out ends sessions', async () => {
  const first = TestAuthority.createRoot({ commonName: 'Root 1' });
  const next = TestAuthority.createRoot({ commonName: 'Root 2' });
  const { gatewayId } = await create(
    'roots_1',
    { x509: { enabled: true } },
    { deviceRootCertificate: first.certificatePem },
  );
  const path = `/gateways/${gatewayId}/device-roots`;
  const [one, two] = [fingerprintOf(first.certificatePem), fingerprintOf(next.certificatePem)];
  const last = { status: 409, body: { code: 'REGISTRY_DEVICE_ROOT_LAST' } };
  expect(await registry.call(`DELETE ${path}/${one}`)).toMatchObject(last);
  expect(await registry.call(`PATCH ${path}/${one}`, { json: { enabled: false } })).toMatchObject(last);

  const added = await registry.call(`POST ${path}`, { json: { certificate: next.certificatePem } });
  expect(added).toMatchObject({
    status: 201,
    body: { version: 2, items: [{ fingerprint: one }, { fingerprint: two, enabled: true }] },
  });
  expect(await registry.call(`POST ${path}`, { json: { certificate: next.certificatePem } })).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_DEVICE_ROOT_EXISTS' },
  });
  expect(await listenerOf(gatewayId)).toMatchObject({
    deviceRootCertificate: first.certificatePem + next.certificatePem,
    admissionVersion: 1,
  });

  expect(await registry.call(`PATCH ${path}/${one}`, { json: { enabled: false } })).toMatchObject({
    status: 200,
    body: { items: [{ fingerprint: one, enabled: false }, { fingerprint: two }] },
  });
  expect(await listenerOf(gatewayId)).toMatchObject({
    deviceRootCertificate: next.certificatePem,
    admissionVersion: 3,
  });
  expect(await registry.call(`DELETE ${path}/${one}`)).toMatchObject({ status: 204 });
  expect(await listenerOf(gatewayId)).toMatchObject({ version: 4, admissionVersion: 3 });
  expect(await registry.call(`DELETE ${path}/${one}`)).toMatchObject({ status: 404 });
  const plain = await create('roots_2');
  expect(
    await registry.call(`POST /gateways/${plain.gatewayId}/device-roots`, {
      json: { certificate: next.certificatePem },
    }),
  ).toMatchObject({ status: 400, body: { code: 'REGISTRY_GATEWAY_INPUT_INVALID' } });
});

test('all of it is made anew from the log as it is', async () => {
  await using domain = await openDomain({ url: registry.databaseUrl, masterKey: MASTER_KEY });
  const differences = await verifyViews(domain.db);
  expect(differences.filter(({ unexplained, missing }) => unexplained + missing > 0)).toEqual([]);
  expect(differences.map(({ view }) => view)).toContain('gateway_generation_view');
});
