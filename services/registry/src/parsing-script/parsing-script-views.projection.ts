import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { parsingScriptEvent } from './parsing-script.events.ts';

/** Brings the views of parsing scripts up to date with one event; events of other aggregates change nothing. */
export async function projectParsingScript(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('parsing-script/')) return;
  const event = parsingScriptEvent.parse({ type: recorded.type, data: recorded.data });
  const { productKey, version } = event.data;
  const change = { stream_version: recorded.streamVersion, version_in_force: version };
  switch (event.type) {
    case 'ParsingScriptSubmitted':
      await db
        .insertInto('parsing_version_view')
        .values({
          product_key: productKey,
          version,
          language: event.data.language,
          code: event.data.code,
          submitted_at: recorded.recordedAt,
          submitted_by: recorded.metadata.actor,
        })
        .execute();
      await db
        .insertInto('parsing_script_view')
        .values({ product_key: productKey, newest_version: version, ...change })
        .onConflict((conflict) =>
          conflict.column('product_key').doUpdateSet({ newest_version: version, ...change }),
        )
        .execute();
      return;
    case 'ParsingScriptRestored':
      await db.updateTable('parsing_script_view').set(change).where('product_key', '=', productKey).execute();
  }
}

/** Scripts go with their product. */
export async function forgetParsingOf(db: RegistryTransaction, productKey: string): Promise<void> {
  await db.deleteFrom('parsing_script_view').where('product_key', '=', productKey).execute();
  await db.deleteFrom('parsing_version_view').where('product_key', '=', productKey).execute();
}
