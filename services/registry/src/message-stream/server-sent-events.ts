import type { ServerResponse } from 'node:http';

/** What may wait for one slow reader, in bytes. */
export const MAX_WAITING_BYTES = 1024 * 1024;

/** The bytes that an event stream needs of its response, so that tests need no socket. */
export type EventSink = Pick<ServerResponse, 'write' | 'end' | 'on' | 'writableLength'>;

/**
 * Server-sent events (HTML standard §9.2) to one reader, with a bound on what waits for it. A reader that is
 * too slow loses events and is told how many, as `event: dropped`, as soon as it reads again.
 */
export class ServerSentEvents {
  #dropped = 0;
  #isEnded = false;

  constructor(
    private readonly sink: EventSink,
    private readonly maxWaitingBytes = MAX_WAITING_BYTES,
  ) {
    sink.on('drain', () => this.#tellDropped());
  }

  /** Events that were dropped and not told of yet. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns whether the event was written; false when it was dropped */
  send(event: string, data: unknown, id?: string): boolean {
    if (this.#isEnded) return false;
    const text = eventText(event, data, id);
    if (this.sink.writableLength + text.length > this.maxWaitingBytes) {
      this.#dropped += 1;
      return false;
    }
    this.#tellDropped();
    this.sink.write(text);
    return true;
  }

  /** A line that programs skip and people read. */
  comment(text: string): void {
    if (!this.#isEnded) this.sink.write(`: ${text}\n\n`);
  }

  end(): void {
    if (this.#isEnded) return;
    this.#tellDropped();
    this.#isEnded = true;
    this.sink.end();
  }

  #tellDropped(): void {
    if (this.#dropped === 0 || this.#isEnded) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.sink.write(eventText('dropped', { count }));
  }
}

/** JSON has no line end outside its escapes, so the data is one line. */
function eventText(event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
