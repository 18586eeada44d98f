import { gatewayInput, type GatewayInput, type GatewayPatch, type GatewayView } from '@gatehouse/contracts';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { GatewayAdmissionQueries } from './gateway-admission.queries.ts';
import { admission } from '../schema/migrations/0010-admission.ts';

let database: TestDatabase;
let domain: RegistryDomain;
let admissions: GatewayAdmissionQueries;
let authority: CertificateAuthority;
let certificates: GatewayInput['certificates'];
let nextPort = 20_000;
const context = { actor: 'api-key:test' };

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  admissions = new GatewayAdmissionQueries(domain.db, domain.sealer);
  authority = await createCertificateAuthority();
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'localhost',
    dnsNames: ['localhost'],
  });
  certificates = { serverCertificate: certificatePem, serverPrivateKey: privateKeyPem };
});

afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const https = {
  type: 'third-party',
  method: 'https',
  url: 'https://auth.example.com/verify',
  parameters: [{ key: 'tenant', value: '${userProperties.tenant}' }],
} as const;
const byFunction = {
  type: 'third-party',
  method: 'function',
  function: {
    provider: 'aliyun-fc',
    endpoint: 'https://fc.example.com',
    function: 'verify',
    accessKeyId: 'id-1',
    accessKeySecret: 'secret-1',
  },
} as const;
const mutual = (more: object = {}) => ({
  x509: { enabled: true, ...more },
  certificates: { ...certificates, deviceRootCertificate: authority.certificatePem },
});

function create(settings: object = {}): Promise<GatewayView> {
  nextPort += 1;
  const asked = { name: `plant_${nextPort}`, port: nextPort, certificates, ...settings };
  return domain.gatewayCommands.create(gatewayInput.parse(asked), context);
}

async function admissionVersionAfter(gatewayId: string, ...patches: GatewayPatch[]): Promise<number[]> {
  const versions: number[] = [];
  for (const patch of patches) {
    await domain.gatewayCommands.change(gatewayId, patch, context);
    versions.push((await domain.listeners.get(gatewayId))?.admissionVersion ?? 0);
  }
  return versions;
}

// The last test looks at the gateways of all before it.

test('auth learns who is asked, with the secret of the access key, and what certificates must say', async () => {
  const { gatewayId, productKey } = await create({ authentication: byFunction });
  const { accessKeySecret: _secret, ...target } = byFunction.function;
  expect(await admissions.get(gatewayId)).toEqual({
    gatewayId,
    productKey,
    version: 1,
    authentication: { ...byFunction, function: target },
    accessKeySecret: 'secret-1',
    x509: { enabled: false, commonNameMustEqualUsername: false },
  });
  const strict = await create(mutual({ commonNameMustEqualUsername: true }));
  expect(await admissions.get(strict.gatewayId)).toMatchObject({
    authentication: { type: 'one-way' },
    accessKeySecret: null,
    x509: { enabled: true, commonNameMustEqualUsername: true },
  });
  expect(await admissions.get('gw-none')).toBeNull();
});

test('edges learn the device root, the limits and the rules about topics', async () => {
  const limits = { maxPacketBytes: 4_096, connectsPerMinute: null };
  const { gatewayId } = await create({ ...mutual(), limits });
  expect(await domain.listeners.get(gatewayId)).toMatchObject({
    deviceRootCertificate: expect.stringContaining('BEGIN CERTIFICATE'),
    admissionVersion: 1,
    limits: { maxPacketBytes: 4_096, maxSubscriptions: 100, keepAlive: null, connectsPerMinute: null },
    permissions: [],
  });
});

test('sessions must be admitted again after another authenticator, secret or device root, and after no other change', async () => {
  const { gatewayId } = await create({ authentication: https });
  expect(
    await admissionVersionAfter(
      gatewayId,
      { name: `other_${nextPort}` },
      { authentication: { timeoutMs: 1_000, cacheSeconds: 60 } },
      { authentication: { url: 'https://other.example.com/verify' } },
      { limits: { maxSubscriptions: 5 } },
      { authentication: { caCertificate: authority.certificatePem } },
      { authentication: { parameters: [] } },
    ),
  ).toEqual([1, 1, 4, 4, 6, 7]);

  const keyed = await create({ authentication: byFunction });
  const secret = { authentication: { function: { accessKeySecret: 'secret-2' } } };
  expect(await admissionVersionAfter(keyed.gatewayId, secret)).toEqual([2]);

  const strict = await create(mutual());
  const otherRoot = (await createCertificateAuthority()).certificatePem;
  expect(
    await admissionVersionAfter(
      strict.gatewayId,
      { ocsp: 'client' },
      { certificates: { deviceRootCertificate: otherRoot } },
      { x509: { commonNameMustEqualUsername: true } },
      { x509: { commonNameMustEqualUsername: false } },
    ),
  ).toEqual([1, 3, 4, 4]);
});

test('a user name is held to the name of a certificate only where there are both', async () => {
  const refused = { errors: [{ path: 'x509.commonNameMustEqualUsername' }] };
  const strict = { x509: { enabled: false, commonNameMustEqualUsername: true } };
  await expect(create(strict)).rejects.toMatchObject(refused);
  await expect(
    create({ ...mutual({ commonNameMustEqualUsername: true }), authentication: https }),
  ).rejects.toMatchObject(refused);

  const { gatewayId } = await create();
  const patch = { x509: { commonNameMustEqualUsername: true } };
  await expect(domain.gatewayCommands.change(gatewayId, patch, context)).rejects.toMatchObject(refused);
  const other = await create(mutual());
  expect(await domain.gatewayCommands.change(other.gatewayId, patch, context)).toMatchObject({
    version: 2,
    x509: { enabled: true, commonNameMustEqualUsername: true },
  });
});

test('a database from before has after its migration what a rebuild makes', async () => {
  const views = sql<{ admission_version: number }>`
    select * from gateway_view where not exists (
      select from event where stream_id = 'gateway/' || gateway_id
        and (type = 'CommonNameCheckSwitched' or data ->> 'commonNameMustEqualUsername' = 'true')
    ) order by gateway_id`;
  const { rows: before } = await views.execute(domain.db);
  expect(before.map((row) => row.admission_version)).toEqual(expect.arrayContaining([1, 2, 7]));
  await sql`
    alter table gateway_view drop column common_name_must_equal_username, drop column admission_version,
      drop column permissions`.execute(domain.db);
  await admission.up(domain.db as never);
  expect((await views.execute(domain.db)).rows).toEqual(before);
});
