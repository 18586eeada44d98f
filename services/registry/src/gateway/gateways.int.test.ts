import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  gatewayBody,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

let registry: ServedRegistry;

beforeAll(async () => {
  registry = await startServedRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

test('the ETag of a gateway is what If-Match of a change takes', async () => {
  const created = await registry.call('POST /gateways', { json: await gatewayBody('tagged_1') });
  expect(created.headers.get('etag')).toBe('"1"');
  const { gatewayId } = created.body;
  const rename = (name: string, tag: string) =>
    registry.call(`PATCH /gateways/${gatewayId}`, { json: { name }, headers: { 'if-match': tag } });

  const renamed = await rename('tagged_2', '"1"');
  expect(renamed).toMatchObject({ status: 200, body: { name: 'tagged_2', version: 2 } });
  expect(renamed.headers.get('etag')).toBe('"2"');

  const late = await rename('tagged_3', '"1"');
  expect(late).toMatchObject({ status: 412, body: { code: 'REGISTRY_GATEWAY_VERSION_MISMATCH' } });
  expect(late.headers.get('etag')).toBe('"2"');
  expect(await rename('tagged_3', '2')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'If-Match' }] },
  });
  const read = await registry.call(`GET /gateways/${gatewayId}`);
  expect([read.headers.get('etag'), read.body.name]).toEqual(['"2"', 'tagged_2']);
});

test('a change that is sent again under its Idempotency-Key is answered again, although its If-Match is old', async () => {
  const { gatewayId } = await createGateway(registry, 'repeated_1');
  const request = {
    json: { parsing: { enabled: true } },
    headers: { 'if-match': '"1"', 'idempotency-key': 'switch-parsing-1' },
  };
  const answers = [
    await registry.call(`PATCH /gateways/${gatewayId}`, request),
    await registry.call(`PATCH /gateways/${gatewayId}`, request),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 200, body: { version: 2, parsing: { enabled: true } } });
  }
});

test('every error of a body is named, those of certificates and rules too', async () => {
  const body = await gatewayBody('x');
  const refused = await registry.call('POST /gateways', {
    json: {
      ...body,
      ocsp: 'client',
      authentication: { type: 'third-party', method: 'https', url: 'http://auth.example.com' },
      certificates: { serverCertificate: 'hello' },
    },
  });
  expect(refused).toMatchObject({ status: 400, body: { code: 'HTTP_REQUEST_INVALID' } });
  const paths = refused.body.errors.map(({ path }: { path: string }) => path);
  expect(paths.toSorted()).toEqual([
    'authentication.url',
    'certificates.serverCertificate',
    'certificates.serverPrivateKey',
    'name',
    'ocsp',
  ]);
});

test('what stays for life is refused by its name', async () => {
  const { gatewayId } = await createGateway(registry, 'settled_1');
  expect(
    await registry.call(`PATCH /gateways/${gatewayId}`, { json: { port: 1_884, x509: { enabled: true } } }),
  ).toMatchObject({
    status: 400,
    body: {
      code: 'REGISTRY_GATEWAY_FIELD_IMMUTABLE',
      errors: [{ path: 'port' }, { path: 'x509.enabled' }],
    },
  });
});

test('certificates are told with key types and expiry, without the private key', async () => {
  const { gatewayId } = await createGateway(registry, 'told_1');
  const { status, body } = await registry.call(`GET /gateways/${gatewayId}/certificates`);
  expect(status).toBe(200);
  const [leaf] = body.serverCertificate.chain;
  expect(leaf).toMatchObject({ subject: 'CN=localhost', key: { type: 'ec', curve: 'P-256' } });
  expect(body.serverCertificate.expiresAt).toBe(leaf.notAfter);
  expect(body.deviceRootCertificate).toBeNull();
  expect(JSON.stringify(body)).not.toContain('PRIVATE KEY');
  expect(await registry.call('GET /gateways/gw-none/certificates')).toMatchObject({ status: 404 });
});
