import type { RecordedEvent } from './event-table.ts';

/** The data of an event in the shape of the next schema version. */
export type Upcast = (data: RecordedEvent['data']) => RecordedEvent['data'];

/**
 * By event type, what leads from each schema version to the next: the first entry from 1 to 2, the second from 2
 * to 3. A type without an entry has its first shape still.
 */
export type UpcastSteps = Readonly<Record<string, readonly Upcast[]>>;

/**
 * Brings stored events to the newest shape of their type when they are read, so that the log is never edited and
 * the rest of a program knows one shape only.
 */
export class EventUpcasters {
  readonly #steps: ReadonlyMap<string, readonly Upcast[]>;

  constructor(steps: UpcastSteps) {
    this.#steps = new Map(Object.entries(steps));
  }

  /** The version in which events of a type are appended now. */
  newestVersion(type: string): number {
    return (this.#steps.get(type)?.length ?? 0) + 1;
  }

  /**
   * The event in its newest shape; the same object when it has it. One of a later version than this program
   * knows stays as it is: what reads it says what it does not understand.
   */
  upcast<Event extends Pick<RecordedEvent, 'type' | 'schemaVersion' | 'data'>>(event: Event): Event {
    const steps = this.#steps.get(event.type)?.slice(event.schemaVersion - 1) ?? [];
    if (steps.length === 0) return event;
    const data = steps.reduce((shape, step) => step(shape), event.data);
    return { ...event, data, schemaVersion: event.schemaVersion + steps.length };
  }
}
