import { tryReaderLock, type OpenDatabase } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { RegistryDatabase } from '../schema/registry-database.ts';
import { rebuildViews, verifyViews } from '../views/rebuild-views.ts';
import { RebuildRunning } from '../views/views.failures.ts';

const SAY_EVERY_MS = 1_000;

/**
 * Rebuilds the views, or only compares them, and tells how far it is.
 *
 * @returns the exit code
 * @throws {RebuildRunning | RebuildHeldUp}
 */
export async function runRebuild(
  { db, pool }: OpenDatabase<RegistryDatabase>,
  { verify }: { readonly verify: boolean },
  say: (line: string) => void,
): Promise<number> {
  const lock = await tryReaderLock(pool, 'rebuild');
  if (lock === undefined) throw new RebuildRunning();
  try {
    const { rows } = await sql<{ events: string }>`select count(*)::text as events from event`.execute(db);
    const onProgress = progress(Number(rows[0]?.events ?? 0), say);
    if (verify) return await compare(db, onProgress, say);
    const startedAt = performance.now();
    const events = await rebuildViews(db, { onProgress });
    say(`rebuilt: ${rateText(events, performance.now() - startedAt)}; the new views are in use`);
    return 0;
  } finally {
    await lock.release();
  }
}

async function compare(
  db: OpenDatabase<RegistryDatabase>['db'],
  onProgress: (events: number) => void,
  say: (line: string) => void,
): Promise<number> {
  const differences = await verifyViews(db, { onProgress });
  let isEqual = true;
  for (const { view, rows, unexplained, missing, examples } of differences) {
    if (unexplained === 0 && missing === 0) {
      say(`${view}: ${numberText(rows)} rows, equal`);
      continue;
    }
    isEqual = false;
    say(
      `${view}: ${numberText(rows)} rows; ${numberText(unexplained)} are not what the log makes, ` +
        `${numberText(missing)} that it makes are not there:`,
    );
    for (const example of examples) say(`  ${example}`);
  }
  say(isEqual ? 'the views are what the log makes' : 'the views differ from the log: rebuild them');
  return isEqual ? 0 : 1;
}

function progress(total: number, say: (line: string) => void): (events: number) => void {
  const startedAt = performance.now();
  let saidAt = startedAt;
  return (events) => {
    const now = performance.now();
    if (now - saidAt < SAY_EVERY_MS) return;
    saidAt = now;
    const percent = Math.min(100, Math.floor((events / Math.max(total, 1)) * 100));
    say(`${percent} %: ${rateText(events, now - startedAt)}`);
  };
}

function rateText(events: number, tookMs: number): string {
  const perSecond = Math.round(events / Math.max(tookMs / 1_000, 0.001));
  return `${numberText(events)} events in ${(tookMs / 1_000).toFixed(1)} s, ${numberText(perSecond)} events/s`;
}

const numberText = (value: number): string => value.toLocaleString('en-US');
