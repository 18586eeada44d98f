import { RECORDED_EVENT, type RecordedEvent } from '@gatehouse/event-store';
import { sql } from 'kysely';
import { upcastAll } from '../event-log/read-events.ts';
import type { RegistryDb } from '../schema/registry-database.ts';

const EVENTS_AT_ONCE = 1_000;

/** What a stream had come to at an instant. */
export interface StateAt<State> {
  readonly state: State;
  /** The last change before the instant. */
  readonly last: RecordedEvent;
}

/**
 * Folds a stream up to an instant: all events before the first that was recorded later. Events carry the time at
 * which their transaction began, so one can be a little older than the one before it.
 *
 * @returns undefined when the stream did not exist yet
 */
export async function streamAt<State>(
  db: RegistryDb,
  { streamId, at }: { readonly streamId: string; readonly at: Date },
  initialState: State,
  evolve: (state: State, event: RecordedEvent) => State,
): Promise<StateAt<State> | undefined> {
  const endVersion = await firstVersionAfter(db, streamId, at);
  let state = initialState;
  let last: RecordedEvent | undefined;
  for (;;) {
    const { rows } = await sql<RecordedEvent>`
      select ${RECORDED_EVENT} from event
      where stream_id = ${streamId} and stream_version > ${last?.streamVersion ?? 0}
        and stream_version < ${endVersion}
      order by stream_version limit ${EVENTS_AT_ONCE}`.execute(db);
    for (const event of upcastAll(rows)) {
      state = evolve(state, event);
      last = event;
    }
    if (rows.length < EVENTS_AT_ONCE) return last === undefined ? undefined : { state, last };
  }
}

/** Beyond every version when there is none. */
async function firstVersionAfter(db: RegistryDb, streamId: string, at: Date): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select coalesce(min(stream_version), 2147483647) as version from event
    where stream_id = ${streamId} and recorded_at > ${at}::timestamptz`.execute(db);
  return rows[0]?.version ?? 0;
}
