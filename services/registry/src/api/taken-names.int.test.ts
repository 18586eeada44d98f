import { createTestDatabase, startTestNats, type TestDatabase } from '@gatehouse/testing';
import { openDatabase, type OpenDatabase } from '@gatehouse/event-store';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createGateway,
  gatewayBody,
  startRegistry,
  type RegistryUnderTest,
} from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let registry: RegistryUnderTest;
let database: OpenDatabase<object>;

beforeAll(async () => {
  const nats = resources.use(await startTestNats());
  const { url }: TestDatabase = resources.use(await createTestDatabase());
  database = openDatabase({
    connectionString: url,
    applicationName: 'test',
    poolSize: 1,
    onError: () => undefined,
  });
  resources.use(database);
  registry = resources.use(await startRegistry(url, nats.url));
  await registry.ready();
});
afterAll(() => resources.disposeAsync());

/** Grows with each attempt to append, even one that is rolled back. */
async function appendsTried(): Promise<unknown> {
  const { rows } = await sql`
    select pg_sequence_last_value(pg_get_serial_sequence('event', 'global_position')::regclass)`.execute(
    database.db,
  );
  return rows[0];
}

test('a name that is taken is refused before PostgreSQL has to, which would log an error each time', async () => {
  await createGateway(registry, 'taken_1');
  const { gatewayId } = await createGateway(registry, 'taken_2');
  await registry.call('POST /api-keys', { json: { name: 'taken', role: 'viewer' } });
  const requests = [
    ['POST /gateways', await gatewayBody('taken_1')],
    [`PATCH /gateways/${gatewayId}`, { name: 'taken_1' }],
    ['POST /api-keys', { name: 'taken', role: 'viewer' }],
  ] as const;

  const before = await appendsTried();
  for (const [request, json] of requests) {
    expect(await registry.call(request, { json })).toMatchObject({
      status: 409,
      body: { code: expect.stringMatching(/_NAME_TAKEN$/) },
    });
  }
  expect(await appendsTried()).toEqual(before);
  expect(await registry.call(`PATCH /gateways/${gatewayId}`, { json: { name: 'taken_2' } })).toMatchObject({
    status: 200,
  });
});
