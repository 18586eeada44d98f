import { readLockedLog } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { RegistryDb } from '../schema/registry-database.ts';
import { applyToViews } from './registry-views.projection.ts';

const EVENTS_AT_ONCE = 5_000;

/**
 * Makes every view anew from the log, in one transaction: readers see the old rows until it is done. Commands
 * wait, so that none can write to a view that is being made.
 */
export async function rebuildViews(db: RegistryDb): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`set local statement_timeout = 0`.execute(transaction);
    await sql`
      truncate gateway_view, product_view, device_view, parsing_script_view, parsing_version_view`.execute(
      transaction,
    );
    for await (const events of readLockedLog(transaction, EVENTS_AT_ONCE)) {
      await applyToViews(transaction, events);
    }
  });
}
