import { gatewayInput, type GatewayInput } from '@gatehouse/contracts';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { productStream } from '../stream-names.ts';

let database: TestDatabase;
let domain: RegistryDomain;
let authority: CertificateAuthority;
let certificates: GatewayInput['certificates'];
let nextPort = 20_000;
const context = { actor: 'api-key:test' };

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
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

test('names are unique, and so are ports without a host name of their own', async () => {
  const { gatewayCommands } = domain;
  const first = await gatewayCommands.create(input(), context);
  await expect(gatewayCommands.create(input({ name: first.name }), context)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_NAME_TAKEN',
  });
  await expect(gatewayCommands.create(input({ port: first.port }), context)).rejects.toMatchObject({
    code: 'REGISTRY_GATEWAY_PORT_TAKEN',
  });
  const { port } = first;
  await gatewayCommands.create(input({ port, hostname: 'a.example.com' }), context);
  await gatewayCommands.create(input({ port, hostname: 'b.example.com' }), context);
  const again = gatewayCommands.create(input({ port, hostname: 'a.example.com' }), context);
  await expect(again).rejects.toMatchObject({ code: 'REGISTRY_GATEWAY_PORT_TAKEN' });
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
  const patch = { name: `${created.name}_b`, parsing: { enabled: true }, certificates: renewed };
  const changed = await domain.gatewayCommands.change(created.gatewayId, patch, context);
  expect(changed).toMatchObject({ name: patch.name, parsing: { enabled: true }, port: created.port });
  const listener = await domain.listeners.get(created.gatewayId);
  expect(listener?.version).toBe(4);
  expect(listener?.serverPrivateKey.trim()).toBe(renewed.serverPrivateKey.trim());
  expect(changed.certificates.serverCertificateChain[0]?.fingerprint).not.toBe(
    created.certificates.serverCertificateChain[0]?.fingerprint,
  );
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

test('with a gateway go its product, devices, secrets and listener', async () => {
  const created = await domain.gatewayCommands.create(input(), context);
  const { gatewayId, productKey } = created;
  const rows = [{ line: 1, username: 'pump-7', password: 'secret', sn: undefined }];
  await domain.deviceCommands.import(productKey, rows, { dryRun: false }, context);
  const draft = { language: 'javascript' as const, code: 'function transformPayload() {}' };
  await domain.scriptCommands.putDraft(productKey, draft, context);
  await domain.scriptCommands.submit(productKey, context);

  await domain.gatewayCommands.delete(gatewayId, { force: false }, context);

  expect(await domain.listeners.get(gatewayId)).toBeNull();
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
