import type { ParsingDraftInput } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import type { ParsingScriptViewTable, RegistryTransaction } from '../schema/registry-database.ts';
import { parsingScriptEvent } from './parsing-script.events.ts';

/** Brings the views of parsing scripts up to date with one event; events of other aggregates change nothing. */
export async function projectParsingScript(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('parsing-script/')) return;
  const event = parsingScriptEvent.parse({ type: recorded.type, data: recorded.data });
  const { productKey, version } = event.data;
  const stream_version = recorded.streamVersion;
  const inForce = { stream_version, version_in_force: version };
  const noCanary = { canary_version: null, canary_percent: null };
  switch (event.type) {
    case 'ParsingScriptSubmitted': {
      await addVersion(db, recorded, event.data);
      const change = { ...inForce, newest_version: version };
      await db
        .insertInto('parsing_script_view')
        .values({ product_key: productKey, ...change, ...noCanary })
        .onConflict((conflict) => conflict.column('product_key').doUpdateSet(change))
        .execute();
      return;
    }
    case 'ParsingScriptRestored':
      return changeScript(db, productKey, inForce);
    case 'ParsingCanarySubmitted': {
      await addVersion(db, recorded, event.data);
      const canary = { canary_version: version, canary_percent: event.data.percent };
      return changeScript(db, productKey, { stream_version, newest_version: version, ...canary });
    }
    case 'ParsingCanaryResized':
      return changeScript(db, productKey, { stream_version, canary_percent: event.data.percent });
    case 'ParsingCanaryPromoted':
      return changeScript(db, productKey, { ...inForce, ...noCanary });
    case 'ParsingCanaryEnded':
      return changeScript(db, productKey, { stream_version, ...noCanary });
  }
}

async function addVersion(
  db: RegistryTransaction,
  { recordedAt, metadata }: RecordedEvent,
  submitted: ParsingDraftInput & { readonly productKey: string; readonly version: number },
): Promise<void> {
  const { productKey, version, language, code } = submitted;
  await db
    .insertInto('parsing_version_view')
    .values({
      product_key: productKey,
      version,
      language,
      code,
      submitted_at: recordedAt,
      submitted_by: metadata.actor,
    })
    .execute();
}

async function changeScript(
  db: RegistryTransaction,
  productKey: string,
  change: Partial<ParsingScriptViewTable>,
): Promise<void> {
  await db.updateTable('parsing_script_view').set(change).where('product_key', '=', productKey).execute();
}

/** Scripts go with their product. */
export async function forgetParsingOf(db: RegistryTransaction, productKey: string): Promise<void> {
  await db.deleteFrom('parsing_script_view').where('product_key', '=', productKey).execute();
  await db.deleteFrom('parsing_version_view').where('product_key', '=', productKey).execute();
}
