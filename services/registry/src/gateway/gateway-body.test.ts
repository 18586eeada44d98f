import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import { beforeAll, expect, test } from 'vitest';
import { gatewayBody, gatewayPatchBody } from './gateway-body.ts';

let issued: IssuedCertificate;
beforeAll(async () => {
  issued = await (await createCertificateAuthority()).issueServerCertificate({ commonName: 'localhost' });
});

async function pathsOf(
  body: unknown,
  schema: typeof gatewayBody | typeof gatewayPatchBody = gatewayBody,
): Promise<string[]> {
  const result = await schema['~standard'].validate(body);
  return (result.issues ?? []).map(({ path = [] }) => path.map(String).join('.'));
}

test('all that is wrong with a body is told at once: fields, rules and certificates', async () => {
  const paths = await pathsOf({
    name: 'x',
    port: 80,
    hostname: '-a',
    authentication: {
      type: 'third-party',
      method: 'https',
      url: 'http://auth.example.com',
      parameters: [{ key: 'a', value: '${nothing}' }],
      caCertificate: 'hello',
      timeoutMs: 1,
    },
    x509: { enabled: true },
    ocsp: 'server',
    certificates: { serverCertificate: 'hello', serverPrivateKey: issued.privateKeyPem },
  });
  expect(paths.toSorted()).toEqual([
    'authentication.caCertificate',
    'authentication.parameters.0.value',
    'authentication.timeoutMs',
    'authentication.url',
    'certificates.deviceRootCertificate',
    'certificates.serverCertificate',
    'certificates.trustedCertificate',
    'hostname',
    'name',
    'port',
  ]);
});

test('a field that is wrong is named once', async () => {
  const certificates = { serverCertificate: issued.certificatePem, deviceRootCertificate: 7 };
  expect((await pathsOf({ name: 'plant_7', x509: { enabled: true }, certificates })).toSorted()).toEqual([
    'certificates.deviceRootCertificate',
    'certificates.serverPrivateKey',
  ]);
});

test('a change is read the same way', async () => {
  const body = { name: 'x', certificates: { trustedCertificate: 'hello' } };
  expect(await pathsOf(body, gatewayPatchBody)).toEqual(['name', 'certificates.trustedCertificate']);
});

test.each([undefined, null, 7, 'text', []])('%j is no body', async (body) => {
  expect(await pathsOf(body)).toHaveLength(1);
});
