import { createTestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { DatabaseUnavailable } from './event-store.failures.ts';
import { openDatabase } from './open-database.ts';

const options = { applicationName: 'open-test', poolSize: 2, onError: () => undefined };

test('a database that does not answer is a failure with a code', async () => {
  await using store = openDatabase({
    ...options,
    connectionString: 'postgres://nobody@127.0.0.1:1/none',
    connectTimeoutMs: 500,
  });
  await expect(sql`select 1`.execute(store.db)).rejects.toBeInstanceOf(DatabaseUnavailable);
});

test('a statement that takes too long is ended', async () => {
  await using database = await createTestDatabase();
  await using store = openDatabase({ ...options, connectionString: database.url, statementTimeoutMs: 50 });
  await expect(sql`select pg_sleep(5)`.execute(store.db)).rejects.toThrow(/statement timeout/);
});

test('a transaction that is left open is ended, and its connection leaves the pool', async () => {
  await using database = await createTestDatabase();
  await using store = openDatabase({
    ...options,
    connectionString: database.url,
    idleInTransactionTimeoutMs: 50,
  });
  const left = await store.db.startTransaction().execute();
  // As soon as it is idle for so long, be it between these questions or before the first one.
  await expect
    .poll(
      () =>
        sql`select pg_current_xact_id()`.execute(left).then(
          () => 'open',
          () => 'ended',
        ),
      { interval: 200 },
    )
    .toBe('ended');
  await left
    .rollback()
    .execute()
    .catch(() => undefined);
  const { rows } = await sql<{ one: number }>`select 1 as one`.execute(store.db);
  expect(rows).toEqual([{ one: 1 }]);
});
