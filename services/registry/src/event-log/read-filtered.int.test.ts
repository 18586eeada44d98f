import { START_OF_LOG } from '@gatehouse/event-store';
import { createTestDatabase, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDomain, type RegistryDomain } from '../domain-on-database.ts';
import { filteredQuery, readFiltered, type EventFilter } from './read-filtered.ts';

const EVENTS = 60_000;
let database: TestDatabase;
let domain: RegistryDomain;

/** Nearly all events are written by edges; a rare type by an edge is at the end of the log. */
beforeAll(async () => {
  database = await createTestDatabase();
  domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  await sql`
    insert into event (transaction_id, stream_id, stream_version, type, schema_version, data, metadata)
    select '2', 'device/p/' || number % 1000, number / 1000 + 1,
      case when number % 100 = 0 then 'DeviceDisabled' when number % 2 = 0 then 'DeviceConnected'
        else 'DeviceDisconnected' end, 1, '{}',
      jsonb_build_object('actor', case when number % 100 = 0 then 'alice' when number > ${EVENTS} - 100
        then 'edge:b' else 'edge:a' end)
    from generate_series(0, ${EVENTS}::int - 1) as number`.execute(domain.db);
  await sql`vacuum analyze event`.execute(domain.db);
});
afterAll(async () => {
  await domain[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** Every node of a plan. */
function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

async function planOf(filter: Omit<EventFilter, 'after'>): Promise<Plan[]> {
  const { rows } = await sql<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>`
    explain (analyze, format json) ${filteredQuery({ after: START_OF_LOG, ...filter }, 51)}`.execute(
    domain.db,
  );
  return nodesOf(rows[0]?.['QUERY PLAN'][0]?.Plan as Plan);
}

test.each<[string, Omit<EventFilter, 'after'>]>([
  ['a stream', { stream: 'device/p/7' }],
  ['a type', { type: 'DeviceDisabled' }],
  ['an actor', { actor: 'alice' }],
  ['an edge', { actor: 'edge:b' }],
  ['a type and an actor', { type: 'DeviceDisabled', actor: 'alice' }],
  ['a type and an edge that wrote few of it', { type: 'DeviceConnected', actor: 'edge:b' }],
  ['a type and an edge that wrote none of it', { type: 'DeviceDisabled', actor: 'edge:a' }],
  ['a type and an edge that is unknown', { type: 'DeviceConnected', actor: 'edge:z' }],
])('events of %s are a range of an index, with hardly a row read in vain', async (_filter, filter) => {
  const nodes = await planOf(filter);
  expect(nodes.map((node) => node['Node Type']).join()).toMatch(/Index Scan/);
  expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  for (const node of nodes) expect(node['Rows Removed by Filter'] ?? 0).toBeLessThan(100);
});

test('a type and an edge together find what both say', async () => {
  const events = await readFiltered(
    domain.db,
    { after: START_OF_LOG, type: 'DeviceConnected', actor: 'edge:b' },
    1_000,
  );
  expect(events).toHaveLength(49);
});
