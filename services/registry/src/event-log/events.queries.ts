import type { LoggedEvent, Page } from '@gatehouse/contracts';
import { START_OF_LOG, type LogPosition, type RecordedEvent } from '@gatehouse/event-store';
import { RequestInvalid } from '@gatehouse/nest';
import { sql } from 'kysely';
import { traceIdOf } from '../commands/traceparent.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { placeBefore, placeBehind } from './place-in-time.ts';
import { readFiltered, type EventFilter } from './read-filtered.ts';

export interface EventListRequest {
  readonly limit: number;
  /** Global position of the last event that the caller has. */
  readonly after?: string | undefined;
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  readonly actor?: string | undefined;
  /** Recorded at this instant or later. */
  readonly from?: Date | undefined;
  /** Recorded before this instant. */
  readonly to?: Date | undefined;
}

/** The log as auditors read it, oldest first, in the order in which it was committed. */
export class EventQueries {
  constructor(private readonly db: RegistryDb) {}

  /** @throws {RequestInvalid} when `after` is no event's position */
  async list({ limit, after, from, to, ...match }: EventListRequest): Promise<Page<LoggedEvent>> {
    const start = after === undefined ? START_OF_LOG : await this.#placeOf(after);
    const filter: EventFilter = {
      ...match,
      from,
      to,
      after: from === undefined ? start : later(start, await placeBefore(this.db, from)),
      upTo: to === undefined ? undefined : await placeBehind(this.db, to),
    };
    const events = await readFiltered(this.db, filter, limit + 1);
    const items = events.slice(0, limit).map(loggedEventOf);
    return { items, next: events.length > limit ? (items.at(-1)?.globalPosition ?? null) : null };
  }

  /** Positions alone are not in the order of commits: an event's place needs its transaction too. */
  async #placeOf(globalPosition: string): Promise<LogPosition> {
    if (globalPosition === '0') return START_OF_LOG;
    const { rows } = await sql<LogPosition>`
      select transaction_id::text as "transactionId", global_position::text as "globalPosition"
      from event where global_position = ${globalPosition}::text::bigint`.execute(this.db);
    const [place] = rows;
    if (place !== undefined) return place;
    throw new RequestInvalid([{ path: 'after', message: 'must be the global position of an event' }]);
  }
}

export function loggedEventOf(event: RecordedEvent): LoggedEvent {
  return {
    globalPosition: event.globalPosition,
    stream: event.streamId,
    version: event.streamVersion,
    type: event.type,
    at: event.recordedAt.toISOString(),
    actor: event.metadata.actor,
    traceId: traceIdOf(event.metadata.traceparent),
    data: { ...event.data },
  };
}

function later(one: LogPosition, other: LogPosition): LogPosition {
  const transactions = BigInt(one.transactionId) - BigInt(other.transactionId);
  if (transactions !== 0n) return transactions > 0n ? one : other;
  return BigInt(one.globalPosition) > BigInt(other.globalPosition) ? one : other;
}
