import type { LoggedEvent, Page } from '@gatehouse/contracts';
import { START_OF_LOG, type LogPosition } from '@gatehouse/event-store';
import { RequestInvalid } from '@gatehouse/nest';
import { traceIdOf } from '../commands/traceparent.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { readAll } from './read-events.ts';

export interface EventListRequest {
  readonly limit: number;
  /** Global position of the last event that the caller has. */
  readonly after?: string | undefined;
  readonly stream?: string | undefined;
}

/** The log as auditors read it, oldest first, in the order in which it was committed. */
export class EventQueries {
  constructor(private readonly db: RegistryDb) {}

  async list({ limit, after, stream }: EventListRequest): Promise<Page<LoggedEvent>> {
    const events =
      stream === undefined
        ? await readAll(this.db, await this.#placeOf(after), limit + 1)
        : await this.#ofStream(stream, after ?? '0', limit + 1);
    const items = events.slice(0, limit).map((event): LoggedEvent => ({
      globalPosition: event.globalPosition,
      stream: event.streamId,
      version: event.streamVersion,
      type: event.type,
      at: event.recordedAt.toISOString(),
      actor: event.metadata.actor,
      traceId: traceIdOf(event.metadata.traceparent),
      data: { ...event.data },
    }));
    return { items, next: events.length > limit ? (items.at(-1)?.globalPosition ?? null) : null };
  }

  /** Positions alone are not in the order of commits: an event's place needs its transaction too. */
  async #placeOf(globalPosition: string | undefined): Promise<LogPosition> {
    if (globalPosition === undefined || globalPosition === '0') return START_OF_LOG;
    const place = await this.db
      .selectFrom('event')
      .select(['transaction_id as transactionId', 'global_position as globalPosition'])
      .where('global_position', '=', globalPosition)
      .executeTakeFirst();
    if (place !== undefined) return place;
    throw new RequestInvalid([{ path: 'after', message: 'must be the global position of an event' }]);
  }

  #ofStream(stream: string, after: string, limit: number) {
    return this.db
      .selectFrom('event')
      .select([
        'global_position as globalPosition',
        'stream_id as streamId',
        'stream_version as streamVersion',
        'type',
        'data',
        'metadata',
        'recorded_at as recordedAt',
      ])
      .where('stream_id', '=', stream)
      .where('global_position', '>', after)
      .orderBy('stream_version')
      .limit(limit)
      .execute();
  }
}
