import { START_OF_LOG } from '@gatehouse/event-store';
import { createTestDatabase, eventually } from '@gatehouse/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDomain } from '../domain-on-database.ts';
import { readAll } from '../event-log/read-events.ts';
import { applyToViews } from '../views/registry-views.projection.ts';
import { BufferedDeviceRows } from './buffered-device-rows.ts';

const context = { actor: 'tester' };

test.each([1, 7, 1_000])('rows buffered up to %i are those that commands have written', async (maxRows) => {
  await using database = await createTestDatabase();
  await using domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  const { db, deviceCommands } = domain;
  for (const productKey of ['p1', 'p2']) {
    await sql`insert into product_view (product_key, gateway_id, name, created_at)
      values (${productKey}, ${productKey}, ${productKey}, now())`.execute(db);
    const rows = Array.from({ length: 20 }, (_, index) => ({
      line: index + 1,
      username: `pump-${index}`,
      password: 'secret',
      sn: undefined,
    }));
    await deviceCommands.import(productKey, rows, { dryRun: false }, context);
    await deviceCommands.disable(productKey, 'pump-3', context);
    await deviceCommands.enable(productKey, 'pump-3', context);
    await deviceCommands.disable(productKey, 'pump-4', context);
    await deviceCommands.delete(productKey, 'pump-5', context);
  }
  const all = sql<object>`select * from device_view where product_key = 'p1' order by device_name`;
  const { rows: written } = await all.execute(db);
  expect(written).toHaveLength(19);

  await sql`delete from device_view`.execute(db);
  const buffer = new BufferedDeviceRows(maxRows);
  const { total } = await db
    .selectFrom('event')
    .select(({ fn }) => fn.countAll<string>().as('total'))
    .executeTakeFirstOrThrow();
  // A transaction of another test holds back what `readAll` returns.
  const events = await eventually(async () => {
    const found = await readAll(db, START_OF_LOG, 1_000);
    expect(found).toHaveLength(Number(total));
    return found;
  });
  for (const event of events) {
    await db.transaction().execute((transaction) => applyToViews(transaction, [event], buffer));
    if (buffer.isFull) await writeAll();
  }
  await db.transaction().execute((transaction) => buffer.forget(transaction, 'p2'));
  await writeAll();
  expect((await all.execute(db)).rows).toEqual(written);
  const { rows } = await sql<object>`select from device_view where product_key = 'p2'`.execute(db);
  expect(rows).toEqual([]);

  async function writeAll(): Promise<void> {
    for (const write of buffer.takeWrites()) await db.transaction().execute(write);
  }
});
