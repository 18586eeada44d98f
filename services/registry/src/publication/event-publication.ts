import type { RegistryEvent } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import { CountedTotal } from '@gatehouse/observability';
import type { LogReader } from '../background/log-follower.ts';
import { subjectOfEvent } from './event-subject.ts';
import { notificationOf } from './device-notification.ts';

/**
 * Committed events → the stream REGISTRY, and what applications want to know of devices → NOTIFICATIONS.
 * A batch is stored in its order and counts when all of it is; the global position is the de-duplication id,
 * so a batch that is published again within the stream's window leaves no second copy.
 */
export class EventPublication implements LogReader {
  readonly name = 'publication';
  readonly batchSize = 500;
  readonly #published = new CountedTotal(
    'gatehouse.registry.publication.events',
    'Events published to the stream REGISTRY',
  );

  constructor(private readonly publisher: StreamPublisher) {}

  async handle(events: readonly RecordedEvent[]): Promise<void> {
    await Promise.all(events.flatMap((event) => this.#publish(event)));
    this.#published.add(events.length);
  }

  #publish(event: RecordedEvent): Promise<unknown>[] {
    const headers = headersOf(event);
    const stored = [this.publisher.store(subjectOfEvent(event), jsonBytes(publishedEvent(event)), headers)];
    const notification = notificationOf(event);
    if (notification !== undefined) {
      stored.push(this.publisher.store(notification.subject, jsonBytes(notification.payload), headers));
    }
    return stored;
  }
}

export function publishedEvent(event: RecordedEvent): RegistryEvent {
  const { globalPosition, streamId, streamVersion, type, schemaVersion, data, metadata, recordedAt } = event;
  return {
    globalPosition,
    streamId,
    streamVersion,
    type,
    schemaVersion,
    data: { ...data },
    metadata: { ...metadata, recordedAt: recordedAt.toISOString() },
  };
}

function headersOf({ globalPosition, metadata }: RecordedEvent): string {
  const id = headerLine('Nats-Msg-Id', globalPosition);
  return metadata.traceparent === undefined ? id : id + headerLine('traceparent', metadata.traceparent);
}

const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
