import {
  readAll as readStoredAll,
  readStream as readStored,
  readStreamBackwards as readStoredBackwards,
  type BackwardsPage,
  type LogPosition,
  type RecordedEvent,
} from '@gatehouse/event-store';
import type { QueryExecutorProvider } from 'kysely';
import { registryUpcasters } from './registry-upcasters.ts';

/** As those of the event store, with every event in its newest shape: the only way to read the registry's log. */

export async function readStream(db: QueryExecutorProvider, streamId: string): Promise<RecordedEvent[]> {
  return upcastAll(await readStored(db, streamId));
}

export async function readStreamBackwards(
  db: QueryExecutorProvider,
  streamId: string,
  page: BackwardsPage,
): Promise<RecordedEvent[]> {
  return upcastAll(await readStoredBackwards(db, streamId, page));
}

export async function readAll(
  db: QueryExecutorProvider,
  after: LogPosition,
  limit: number,
): Promise<RecordedEvent[]> {
  return upcastAll(await readStoredAll(db, after, limit));
}

export function upcastAll(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.map((event) => registryUpcasters.upcast(event));
}
