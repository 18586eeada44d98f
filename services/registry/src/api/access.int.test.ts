import type { ApiKeyRole } from '@gatehouse/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openApiOf } from '../open-api/open-api.module.ts';
import { ATTEMPT_LIMITS } from '../operator/failed-attempts.ts';
import { registryControllers } from '../registry-controllers.module.ts';
import { startServedRegistry, type ServedRegistry } from '../testing/registry-under-test.ts';

const ROLES: readonly ApiKeyRole[] = ['viewer', 'operator', 'administrator'];
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The least role of each route as it is promised, not as it is worked out. */
function promisedRole(method: string, path: string): ApiKeyRole {
  if (method === 'get') return 'viewer';
  if (path.endsWith(':test-authentication')) return 'operator';
  if (path.startsWith('/api/v1/authorities/{authorityId}/certificates')) return 'operator';
  return /^\/api\/v1\/(gateways|authorities|api-keys)/.test(path) ? 'administrator' : 'operator';
}

const { paths } = await openApiOf(registryControllers);
const routes = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item).map((method) => ({
    route: `${method.toUpperCase()} ${path}`,
    request: `${method.toUpperCase()} ${path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, 'none')}`,
    least: promisedRole(method, path),
  })),
);

const { freeAttempts: FREE_ATTEMPTS } = ATTEMPT_LIMITS;
const keys = new Map<ApiKeyRole, string>();
let registry: ServedRegistry;

beforeAll(async () => {
  registry = await startServedRegistry();
  for (const role of ROLES) {
    const { body } = await registry.call('POST /api-keys', { json: { name: role, role } });
    keys.set(role, body.key);
  }
});
afterAll(() => registry[Symbol.asyncDispose]());

const ask = (key: string) => registry.call('GET /gateways', { key });

test('there are routes to look at, of every role', () => {
  expect(routes.length).toBeGreaterThan(30);
  expect(new Set(routes.map(({ least }) => least))).toEqual(new Set(ROLES));
});

test.each(routes)('$route is for $least and above', async ({ request, least }) => {
  expect(await registry.call(request, { key: null })).toMatchObject({
    status: 401,
    body: { code: 'REGISTRY_API_KEY_MISSING' },
  });
  for (const role of ROLES) {
    const { status, body } = await registry.call(request, { key: keys.get(role) ?? '' });
    const mayNot = ROLES.indexOf(role) < ROLES.indexOf(least);
    if (mayNot) expect([role, status, body.code]).toEqual([role, 403, 'REGISTRY_ROLE_INSUFFICIENT']);
    else expect([401, 403, 500], `${role}: ${JSON.stringify(body)}`).not.toContain(status);
  }
});

test('an API key stands in no answer but the first, and works until it is revoked', async () => {
  const { body: created } = await registry.call('POST /api-keys', { json: { name: 'once', role: 'viewer' } });
  for (const answer of [
    await registry.call('GET /api-keys'),
    await registry.call('GET /events?limit=1000'),
  ]) {
    expect(answer.status).toBe(200);
    expect(JSON.stringify(answer.body)).not.toContain(created.key);
  }
  expect(await registry.call('GET /gateways', { key: created.key })).toMatchObject({ status: 200 });
  await registry.call(`DELETE /api-keys/${created.apiKeyId}`);
  expect(await registry.call('GET /gateways', { key: created.key })).toMatchObject({ status: 401 });
});

test('who tries keys is answered ever more slowly, and who has a good one is not', async () => {
  const tookMs: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const startedAt = performance.now();
    await ask(`gh_${'x'.repeat(43)}`);
    tookMs.push(performance.now() - startedAt);
  }
  for (const [over, least] of [90, 190, 390, 790].entries()) {
    expect(tookMs[FREE_ATTEMPTS + over]).toBeGreaterThan(least);
  }
  let isAnswered = false;
  const wrong = ask(`gh_${'y'.repeat(43)}`).finally(() => (isAnswered = true));
  expect(await ask(keys.get('viewer') ?? '')).toMatchObject({ status: 200 });
  expect(isAnswered).toBe(false);
  expect(await wrong).toMatchObject({ status: 401 });
});
