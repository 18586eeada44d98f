import { gatewayInput, type GatewayView } from '@gatehouse/contracts';
import { createCertificateAuthority } from '@gatehouse/pki';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { verifyViews } from '../views/rebuild-views.ts';

let database: TestDatabase;
let domain: RegistryDomain;
let gateway: GatewayView;
const context = { actor: 'api-key:test' };
const draftOf = (code: string) => ({ language: 'javascript' as const, code });

beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  const authority = await createCertificateAuthority();
  const issued = await authority.issueServerCertificate({ commonName: 'localhost' });
  const certificates = { serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
  gateway = await domain.gatewayCommands.create(
    gatewayInput.parse({ name: 'plant_7', parsing: { enabled: true }, certificates }),
    context,
  );
});

afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

// The tests tell one story: each goes on where the one before it ended.

test('a draft comes into force when it is submitted, not before', async () => {
  const { scriptCommands, scripts, productParsing } = domain;
  const { productKey, gatewayId } = gateway;
  await expect(scripts.draft(productKey)).rejects.toMatchObject({ code: 'REGISTRY_PARSING_DRAFT_NOT_FOUND' });
  await expect(scriptCommands.submit(productKey, context)).rejects.toMatchObject({
    code: 'REGISTRY_PARSING_DRAFT_NOT_FOUND',
  });

  const saved = await scriptCommands.putDraft(productKey, draftOf('one'), context);
  expect(saved).toMatchObject({ code: 'one', savedBy: 'api-key:test' });
  expect(await scripts.draft(productKey)).toEqual(saved);
  expect(await productParsing.get(productKey)).toEqual({
    productKey,
    gatewayId,
    enabled: true,
    onFailure: 'drop',
    script: null,
  });

  expect(await scriptCommands.submit(productKey, context)).toMatchObject({ version: 1, isInForce: true });
  expect(await productParsing.get(productKey)).toMatchObject({ script: { version: 1, code: 'one' } });
  expect(await scriptCommands.submit(productKey, context)).toMatchObject({ version: 1, isInForce: true });
});

test('versions are kept, and an earlier one comes back under its number', async () => {
  const { scriptCommands, scripts, productParsing } = domain;
  const { productKey } = gateway;
  for (const code of ['two', 'three']) {
    await scriptCommands.putDraft(productKey, draftOf(code), context);
    await scriptCommands.submit(productKey, context);
  }
  expect(await scriptCommands.restore(productKey, 1, context)).toMatchObject({ version: 1, isInForce: true });
  expect(await productParsing.get(productKey)).toMatchObject({ script: { version: 1, code: 'one' } });
  const page = await scripts.versions(productKey, { limit: 2 });
  expect(page.items.map(({ version, isInForce }) => [version, isInForce])).toEqual([
    [3, false],
    [2, false],
  ]);
  const rest = await scripts.versions(productKey, { limit: 2, after: page.next ?? '' });
  expect(rest.items.map(({ version, isInForce }) => [version, isInForce])).toEqual([[1, true]]);
  await expect(scriptCommands.restore(productKey, 9, context)).rejects.toMatchObject({
    code: 'REGISTRY_PARSING_VERSION_NOT_FOUND',
  });
});

test('an empty draft is not put in force', async () => {
  const { scriptCommands, productParsing } = domain;
  const { productKey } = gateway;
  await scriptCommands.putDraft(productKey, draftOf(' \n\t'), context);
  await expect(scriptCommands.submit(productKey, context)).rejects.toMatchObject({
    code: 'REGISTRY_PARSING_SCRIPT_EMPTY',
    kind: 'invalid',
  });
  expect(await productParsing.get(productKey)).toMatchObject({ script: { version: 1 } });
});

test('a canary runs beside the version in force, and its views are the same when they are made anew', async () => {
  const { scriptCommands, scripts, productParsing } = domain;
  const { productKey } = gateway;
  await scriptCommands.putDraft(productKey, draftOf('four'), context);
  expect(await scriptCommands.submit(productKey, context, 10)).toMatchObject({
    version: 4,
    isInForce: false,
    canaryPercent: 10,
  });
  expect(await productParsing.get(productKey)).toMatchObject({
    script: { version: 1, code: 'one' },
    canary: { version: 4, code: 'four', percent: 10 },
  });
  expect(await scriptCommands.resizeCanary(productKey, 60, context)).toMatchObject({ canaryPercent: 60 });
  const { items } = await scripts.versions(productKey, { limit: 4 });
  expect(items.map(({ version, isInForce, canaryPercent }) => [version, isInForce, canaryPercent])).toEqual([
    [4, false, 60],
    [3, false, null],
    [2, false, null],
    [1, true, null],
  ]);

  expect(await scriptCommands.promoteCanary(productKey, context)).toMatchObject({
    version: 4,
    isInForce: true,
    canaryPercent: null,
  });
  const promoted = await productParsing.get(productKey);
  expect(promoted).toMatchObject({ script: { version: 4 } });
  expect(promoted).not.toHaveProperty('canary');

  await scriptCommands.putDraft(productKey, draftOf('five'), context);
  await scriptCommands.submit(productKey, context, 20);
  await scriptCommands.endCanary(productKey, context);
  await scriptCommands.endCanary(productKey, context);
  expect(await productParsing.get(productKey)).not.toHaveProperty('canary');

  expect(await scriptCommands.submit(productKey, context, 30)).toMatchObject({
    version: 6,
    canaryPercent: 30,
  });
  const differences = await verifyViews(domain.db);
  expect(differences.filter(({ unexplained, missing }) => unexplained + missing > 0)).toEqual([]);
  expect(await scriptCommands.restore(productKey, 4, context)).toMatchObject({ isInForce: true });
  expect(await productParsing.get(productKey)).not.toHaveProperty('canary');
});

test('a script may have 128 kB and not a byte more', async () => {
  const { scriptCommands, scripts } = domain;
  const { productKey } = gateway;
  await scriptCommands.putDraft(productKey, draftOf('é'.repeat(65_536)), context);
  await expect(
    scriptCommands.putDraft(productKey, draftOf(`${'é'.repeat(65_536)}x`), context),
  ).rejects.toMatchObject({ code: 'REGISTRY_PARSING_SCRIPT_TOO_LARGE', kind: 'too-large' });
  await scriptCommands.deleteDraft(productKey, context);
  await scriptCommands.deleteDraft(productKey, context);
  await expect(scripts.draft(productKey)).rejects.toMatchObject({ code: 'REGISTRY_PARSING_DRAFT_NOT_FOUND' });
});

test('TypeScript is kept as it was written, and runs without its types', async () => {
  const { scriptCommands, scripts, productParsing } = domain;
  const { productKey } = gateway;
  const code = 'function transformPayload(topic: string) { return { topic } }';
  await scriptCommands.putDraft(productKey, { language: 'typescript', code }, context);
  const { version } = await scriptCommands.submit(productKey, context);
  expect(await scripts.version(productKey, version)).toMatchObject({ language: 'typescript', code });
  expect(await productParsing.get(productKey)).toMatchObject({
    script: { version, code: 'function transformPayload(topic        ) { return { topic } }' },
  });

  await scriptCommands.putDraft(productKey, { language: 'typescript', code: '\nenum A { B }' }, context);
  await expect(scriptCommands.submit(productKey, context)).rejects.toMatchObject({
    code: 'REGISTRY_PARSING_SCRIPT_INVALID',
    errors: [
      { path: 'code', message: 'line 2, column 1: TypeScript enum is not supported in strip-only mode' },
    ],
  });
});

test('a product that is not there has no parsing', async () => {
  expect(await domain.productParsing.get('a1none')).toBeNull();
  await expect(domain.scriptCommands.putDraft('a1none', draftOf('x'), context)).rejects.toMatchObject({
    code: 'REGISTRY_PRODUCT_NOT_FOUND',
  });
});
