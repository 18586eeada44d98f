import { registryEventSubject } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { streamNameOf } from '../stream-names.ts';

/** Where an event is published: `device/a1x/pump.7` goes to `registry.events.v1.device.a1x.pump%2E7`. */
export function subjectOfEvent({ streamId }: Pick<RecordedEvent, 'streamId'>): string {
  const { aggregate, ids } = streamNameOf(streamId);
  return registryEventSubject(aggregate, ...ids);
}
