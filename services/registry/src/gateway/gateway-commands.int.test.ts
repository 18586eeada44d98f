import { gatewayInput, type GatewayInput, type GatewayPatch } from '@gatehouse/contracts';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { SecretSealer } from '../secrets/sealed-secret.ts';
import { productStream } from '../stream-names.ts';
import { GatewaySecrets } from './gateway-secrets.ts';

const MASTER_KEY = '12'.repeat(32);

let database: TestDatabase;
let domain: RegistryDomain;
let authority: CertificateAuthority;
let certificates: GatewayInput['certificates'];
let nextPort = 20_000;
const context = { actor: 'api-key:test' };

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: MASTER_KEY });
  authority = await createCertificateAuthority();
  certificates = await newCertificates();
});

afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function newCertificates(): Promise<GatewayInput['certificates']> {
  const issued = await authority.issueServerCertificate({ commonName: 'localhost', dnsNames: ['localhost'] });
  return { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
}

function input(changes: Partial<Omit<GatewayInput, 'certificates'>> = {}): GatewayInput {
  nextPort += 1;
  return gatewayInput.parse({ name: `plant_${nextPort}`, port: nextPort, certificates, ...changes });
}

test('a gateway comes with its product, and the answer is the view', async () => {
  const created = await domain.gatewayCommands.create(input({ name: '工厂_7', port: 1883 }), context);
  expect(created).toMatchObject({
    name: '工厂_7',
    url: 'mqtts://localhost:1883',
    status: 'starting',
    productName: `Gateway+${created.gatewayId}`,
    authentication: { type: 'one-way' },
  });
  expect(created.gatewayId).toMatch(/^gw-[a-z2-7]{10}$/);
  expect(created.productKey).toMatch(/^a1[a-z0-9]{9}$/);
  expect(await domain.gateways.get(created.gatewayId)).toEqual(created);
  expect(await domain.products.get(created.productKey)).toMatchObject({
    gatewayId: created.gatewayId,
    name: created.productName,
  });
});

test('an edge gets the private key; no event and no view has it', async () => {
  const created = await domain.gatewayCommands.create(input(), context);
  const listener = await domain.listeners.get(created.gatewayId);
  expect(listener).toMatchObject({ gatewayId: created.gatewayId, version: 1 });
  expect(listener?.serverPrivateKey).toContain('PRIVATE KEY');

  const { rows } = await sql<{ text: string }>`
    select event::text as text from event
    union all select gateway_view::text from gateway_view
    union all select gateway_secret::text from gateway_secret`.execute(domain.db);
  const keyBody = certificates.serverPrivateKey.split('\n')[1] ?? 'missing';
  for (const { text } of rows) {
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(keyBody);
  }
});

test('names are unique, and a port is shared only by gateways with host names of their own', async () => {
  const { gatewayCommands } = domain;
  const taken = { code: 'REGISTRY_GATEWAY_PORT_TAKEN' };
  const first = await gatewayCommands.create(input(), context);
  await expect(gatewayCommands.create(input({ name: first.name }), context)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_NAME_TAKEN',
  });
  const onItsPort = (hostname: string | null, port = first.port) =>
    gatewayCommands.create(input({ port, hostname }), context);
  await expect(onItsPort(null)).rejects.toMatchObject(taken);
  await expect(onItsPort('a.example.com')).rejects.toMatchObject(taken);

  const { port } = await gatewayCommands.create(input({ hostname: 'a.example.com' }), context);
  await onItsPort('b.example.com', port);
  await expect(onItsPort('a.example.com', port)).rejects.toMatchObject(taken);
  await expect(onItsPort(null, port)).rejects.toMatchObject(taken);
});

test('of gateways that are created for one port at the same moment, one gets it', async () => {
  const { port } = input();
  const hostnames = [null, 'a.example.com', null, 'a.example.com'];
  const results = await Promise.allSettled(
    hostnames.map((hostname) => domain.gatewayCommands.create(input({ port, hostname }), context)),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a refused gateway leaves nothing behind', async () => {
  const count = async () => {
    const { rows } = await sql<{ count: string }>`
      select (select count(*) from event) || ' ' || (select count(*) from gateway_secret) as count`.execute(
      domain.db,
    );
    return rows[0]?.count;
  };
  const first = await domain.gatewayCommands.create(input(), context);
  const before = await count();
  await expect(domain.gatewayCommands.create(input({ name: first.name }), context)).rejects.toThrow(/named/);
  expect(await count()).toBe(before);
});

test('a change answers with the view after it, and the listener has a new version', async () => {
  const created = await domain.gatewayCommands.create(input(), context);
  const renewed = await newCertificates();
  const patch = {
    name: `${created.name}_b`,
    parsing: { enabled: true, onFailure: 'forward-raw' as const },
    certificates: renewed,
  };
  const changed = await domain.gatewayCommands.change(created.gatewayId, patch, context);
  expect(changed).toMatchObject({ name: patch.name, parsing: patch.parsing, port: created.port });
  expect(await domain.productParsing.get(created.productKey)).toMatchObject(patch.parsing);
  const listener = await domain.listeners.get(created.gatewayId);
  expect(listener?.version).toBe(5);
  expect(listener?.serverPrivateKey.trim()).toBe(renewed.serverPrivateKey.trim());
  expect(changed.certificates.serverCertificateChain[0]?.fingerprint).not.toBe(
    created.certificates.serverCertificateChain[0]?.fingerprint,
  );
});

const fcTarget = { provider: 'aliyun-fc', endpoint: 'https://fc.example.com', service: 's', function: 'f' };
const ACCESS_KEY_SECRET = 'the-secret-of-the-access-key';
const withAccessKey = (accessKeySecret = ACCESS_KEY_SECRET) =>
  gatewayInput.shape.authentication.parse({
    type: 'third-party',
    method: 'function',
    function: { ...fcTarget, accessKeyId: 'id-1', accessKeySecret },
  });

async function accessKeySecretOf(gatewayId: string): Promise<string | undefined> {
  const secrets = new GatewaySecrets(new SecretSealer(MASTER_KEY));
  return domain.db.transaction().execute((db) => secrets.accessKeySecret(db, gatewayId));
}

test('every setting is kept and shown, and told when this version does not serve it', async () => {
  const root = authority.certificatePem;
  const asked = gatewayInput.parse({
    ...input({ hostname: 'mqtt.example.com' }),
    topicSpace: 'shared',
    authentication: {
      type: 'third-party',
      method: 'https',
      url: 'https://auth.example.com/verify',
      parameters: [{ key: 'tenant', value: '${userProperties.tenant}' }],
      caCertificate: root,
    },
    x509: { enabled: true },
    ocsp: 'client-and-server',
    limits: { keepAlive: { minSeconds: 30, maxSeconds: 1_200 } },
    certificates: { ...certificates, deviceRootCertificate: root, trustedCertificate: root },
  });
  const created = await domain.gatewayCommands.create(asked, context);
  const { name, port, hostname, topicSpace, authentication, x509, ocsp, limits } = asked;
  const settings = { name, port, hostname, topicSpace, authentication, x509, ocsp, limits };
  expect(created).toMatchObject({ ...settings, version: 1, url: `mqtts://mqtt.example.com:${port}` });
  expect(created.notices.map(({ code }) => code)).toContain('shared-topic-space-not-served');
  expect(await domain.gateways.get(created.gatewayId)).toEqual(created);
  expect(await domain.gatewayCertificates.get(created.gatewayId)).toMatchObject({
    serverCertificate: { chain: [{ subject: 'CN=localhost', key: { type: 'ec', curve: 'P-256' } }] },
    deviceRootCertificate: { chain: [{ isCertificateAuthority: true }] },
    trustedCertificate: { chain: [{ isCertificateAuthority: true }] },
  });
});

test('an imported password lets nobody in where an authenticator decides', async () => {
  const asked = gatewayInput.parse({ ...input(), authentication: withAccessKey() });
  const { gatewayId, productKey } = await domain.gatewayCommands.create(asked, context);
  const rows = [{ line: 1, username: 'pump-7', password: 'secret', sn: undefined }];
  await domain.deviceCommands.import(productKey, rows, { dryRun: false }, context);
  expect(await domain.credentials.find(gatewayId, 'pump-7')).toEqual({
    outcome: 'unknown-device',
    productKey,
  });
});

test('the secret of an access key is sealed, shown to nobody, and goes when nothing needs it', async () => {
  const created = await domain.gatewayCommands.create(input({ authentication: withAccessKey() }), {
    ...context,
    idempotencyKey: 'with-access-key',
  });
  const { gatewayId } = created;
  expect(created.authentication).toEqual({
    type: 'third-party',
    method: 'function',
    function: { ...fcTarget, accessKeyId: 'id-1' },
  });
  expect(await accessKeySecretOf(gatewayId)).toBe(ACCESS_KEY_SECRET);
  const { rows } = await sql<{ text: string }>`
    select event::text as text from event
    union all select gateway_view::text from gateway_view
    union all select gateway_authentication_secret::text from gateway_authentication_secret
    union all select idempotent_command::text from idempotent_command`.execute(domain.db);
  expect(rows.filter(({ text }) => text.includes(ACCESS_KEY_SECRET))).toEqual([]);

  const change = (authentication: GatewayPatch['authentication']) =>
    domain.gatewayCommands.change(gatewayId, { authentication }, context);
  const renamed = await change({ function: { function: 'check' } });
  expect(renamed).toMatchObject({ version: 2, authentication: { function: { function: 'check' } } });
  expect(await accessKeySecretOf(gatewayId)).toBe(ACCESS_KEY_SECRET);
  expect((await change({ function: { accessKeySecret: ACCESS_KEY_SECRET } })).version).toBe(2);
  expect((await change({ function: { accessKeySecret: 'another' } })).version).toBe(3);
  expect(await accessKeySecretOf(gatewayId)).toBe('another');

  await change({ function: { roleArn: 'acs:ram::1234567890:role/gatehouse' } });
  expect(await accessKeySecretOf(gatewayId)).toBe('another');
  await change({ method: 'https', url: 'https://auth.example.com/verify' });
  expect(await accessKeySecretOf(gatewayId)).toBeUndefined();
});

test('a change that was decided on another version is refused with the version that is', async () => {
  const created = await domain.gatewayCommands.create(input(), context);
  const { gatewayId, name } = created;
  const rename = (to: string, version: number) =>
    domain.gatewayCommands.change(gatewayId, { name: to }, context, { expectedVersions: [version] });
  expect(await rename(`${name}_b`, created.version)).toMatchObject({ version: 2 });
  await expect(rename(`${name}_c`, created.version)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_VERSION_MISMATCH',
    status: 412,
    headers: { ETag: '"2"' },
  });
  const deletion = { force: false, expectedVersions: [1] };
  await expect(domain.gatewayCommands.delete(gatewayId, deletion, context)).rejects.toMatchObject({
    status: 412,
  });
});

test('all that is wrong with a description comes at once', async () => {
  const asked = gatewayInput.parse({
    ...input(),
    x509: { enabled: true },
    certificates: { serverCertificate: 'hello', serverPrivateKey: 'hello', trustedCertificate: 'hello' },
  });
  await expect(domain.gatewayCommands.create(asked, context)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_INPUT_INVALID',
    errors: [
      { path: 'certificates.serverCertificate' },
      { path: 'certificates.serverPrivateKey' },
      { path: 'certificates.trustedCertificate' },
      { path: 'certificates.deviceRootCertificate' },
    ],
  });
});

test('changes at the same moment all happen, one after the other', async () => {
  const created = await domain.gatewayCommands.create(input(), context);
  const names = ['x', 'y', 'z'].map((letter) => `${created.name}_${letter}`);
  await Promise.all(names.map((name) => domain.gatewayCommands.change(created.gatewayId, { name }, context)));
  const { name } = await domain.gateways.get(created.gatewayId);
  expect(names).toContain(name);
  const listener = await domain.listeners.get(created.gatewayId);
  expect(listener?.version).toBe(4);
});

test('a repeated Idempotency-Key is answered as the first time; another body is refused', async () => {
  const { gatewayCommands } = domain;
  const repeated = { actor: 'api-key:test', idempotencyKey: 'create-1' };
  const body = input();
  const answers = await Promise.all([
    gatewayCommands.create(body, repeated),
    gatewayCommands.create(body, repeated),
    gatewayCommands.create(body, repeated),
  ]);
  expect(new Set(answers.map(({ gatewayId }) => gatewayId)).size).toBe(1);
  await expect(gatewayCommands.create(input(), repeated)).rejects.toMatchObject({
    code: 'REGISTRY_IDEMPOTENCY_KEY_REUSED',
  });
  const other = { actor: 'api-key:other', idempotencyKey: 'create-1' };
  expect((await gatewayCommands.create(input(), other)).gatewayId).not.toBe(answers[0]?.gatewayId);
});

test('a command that failed does not use up its Idempotency-Key', async () => {
  const repeated = { actor: 'api-key:test', idempotencyKey: 'delete-1' };
  const remove = (gatewayId: string) => domain.gatewayCommands.delete(gatewayId, { force: false }, repeated);
  await expect(remove('gw-none')).rejects.toMatchObject({ code: 'REGISTRY_GATEWAY_NOT_FOUND' });
  const created = await domain.gatewayCommands.create(input(), context);
  await remove(created.gatewayId);
  await remove(created.gatewayId);
});

test('with a gateway go its product, devices, secrets and listener, and its name and port are free', async () => {
  const created = await domain.gatewayCommands.create(input({ authentication: withAccessKey() }), context);
  const { gatewayId, productKey } = created;
  const rows = [{ line: 1, username: 'pump-7', password: 'secret', sn: undefined }];
  await domain.deviceCommands.import(productKey, rows, { dryRun: false }, context);
  const draft = { language: 'javascript' as const, code: 'function transformPayload() {}' };
  await domain.scriptCommands.putDraft(productKey, draft, context);
  await domain.scriptCommands.submit(productKey, context);

  await domain.gatewayCommands.delete(gatewayId, { force: false }, context);

  expect(await domain.listeners.get(gatewayId)).toBeNull();
  expect(await accessKeySecretOf(gatewayId)).toBeUndefined();
  expect(await domain.productParsing.get(productKey)).toBeNull();
  expect(await domain.credentials.find(gatewayId, 'pump-7')).toEqual({ outcome: 'unknown-gateway' });
  await expect(domain.products.get(productKey)).rejects.toMatchObject({ code: 'REGISTRY_PRODUCT_NOT_FOUND' });
  const { rows: left } = await sql<{ left: string }>`
    select (select count(*) from device_view where product_key = ${productKey})
      + (select count(*) from device_secret where product_key = ${productKey})
      + (select count(*) from parsing_draft where product_key = ${productKey})
      + (select count(*) from parsing_version_view where product_key = ${productKey})
      + (select count(*) from gateway_secret where gateway_id = ${gatewayId}) as left`.execute(domain.db);
  expect(left).toEqual([{ left: '0' }]);
  const { rows: events } = await sql<{ type: string }>`
    select type from event where stream_id = ${productStream(productKey)} order by stream_version`.execute(
    domain.db,
  );
  expect(events.map(({ type }) => type)).toEqual(['ProductCreated', 'ProductDeleted']);

  const { name, port } = created;
  expect(await domain.gatewayCommands.create(input({ name, port }), context)).toMatchObject({ name, port });
});

test('lists come page by page', async () => {
  for (let index = 0; index < 3; index += 1) await domain.gatewayCommands.create(input(), context);
  const all = await domain.gateways.list({ limit: 1_000 });
  const seen: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await domain.gateways.list({ limit: 2, after });
    seen.push(...page.items.map(({ gatewayId }) => gatewayId));
    if (page.next === null) break;
    after = page.next;
  }
  expect(all.next).toBeNull();
  expect(seen).toEqual(all.items.map(({ gatewayId }) => gatewayId));
  const listeners = await domain.listeners.list();
  expect(listeners.gateways.map(({ gatewayId }) => gatewayId)).toEqual(seen);
});
