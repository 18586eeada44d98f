import type { LastChange } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';

/** Which change a state of the past goes back to, and whose it was. */
export function lastChange({ streamVersion, metadata, recordedAt }: RecordedEvent): LastChange {
  return { version: streamVersion, changedBy: metadata.actor, changedAt: recordedAt.toISOString() };
}
