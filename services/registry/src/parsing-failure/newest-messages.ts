import { storedMessages } from '@gatehouse/nats';
import { jetstreamManager, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const READ_AT_ONCE = 32;
/** Of the payloads of one page: a longer one ends earlier. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** How much further back the next look goes. */
const STRIDE = 8;

export interface MessagePage {
  /** Newest first. */
  readonly messages: readonly StoredMsg[];
  /** Where the next page begins: `before` of the next call; undefined when there is none. */
  readonly next: number | undefined;
}

interface Range {
  /** Sequence numbers of the stream. */
  readonly first: number;
  /** The first number after it. */
  readonly end: number;
}

/**
 * Reads a stream backwards. NATS reads forwards only, but tells with a message how many more match after it: so
 * the place is looked for where just enough messages of a page begin. That takes some dozens of looks in a stream
 * of any length, whatever else is in it.
 */
export class NewestMessages {
  #manager: Promise<JetStreamManager> | undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly stream: string,
  ) {}

  /** The newest messages of a subject filter that have a smaller sequence number than `before`. */
  async before(filter: string, before: number, limit: number): Promise<MessagePage> {
    const manager = await this.#opened();
    const { state } = await manager.streams.info(this.stream);
    const range = { first: Math.max(state.first_seq, 1), end: Math.min(before, state.last_seq + 1) };
    if (range.end <= range.first) return { messages: [], next: undefined };
    const { start, count } = await this.#startOf(filter, range, limit + 1);
    const { messages, isCut } = await this.#read(filter, { start, end: range.end, count, limit });
    const isLast = !isCut && start === range.first;
    return { messages: messages.toReversed(), next: isLast ? undefined : (messages[0]?.seq ?? start) };
  }

  /** @returns how many there were */
  async purge(filter: string): Promise<number> {
    const manager = await this.#opened();
    const { purged } = await manager.streams.purge(this.stream, { filter });
    return purged;
  }

  /** A place from which on there are as many as wanted and not many more, or the beginning. */
  async #startOf(
    filter: string,
    { first, end }: Range,
    wanted: number,
  ): Promise<{ start: number; count: number }> {
    const beyond = await this.#countFrom(filter, end);
    const countOf = async (from: number): Promise<number> => (await this.#countFrom(filter, from)) - beyond;
    let tooFew = end;
    let start = Math.max(first, end - wanted);
    let count = await countOf(start);
    while (count < wanted && start > first) {
      tooFew = start;
      start = Math.max(first, end - (end - start) * STRIDE);
      count = await countOf(start);
    }
    while (count > 2 * wanted && tooFew - start > 1) {
      const middle = Math.floor((start + tooFew) / 2);
      const countOfMiddle = await countOf(middle);
      if (countOfMiddle < wanted) tooFew = middle;
      else [start, count] = [middle, countOfMiddle];
    }
    return { start, count };
  }

  /** The newest of those from `start` on, oldest first. The count may be out of date. */
  async #read(
    filter: string,
    { start, end, count, limit }: { start: number; end: number; count: number; limit: number },
  ): Promise<{ messages: readonly StoredMsg[]; isCut: boolean }> {
    const messages: StoredMsg[] = [];
    let bytes = 0;
    let isCut = false;
    let left = count;
    for (let from = start; from < end;) {
      const batch = await this.#batch(filter, from, Math.min(Math.max(left, 1), READ_AT_ONCE));
      const last = batch.at(-1);
      if (last === undefined) break;
      from = last.seq + 1;
      left -= batch.length;
      for (const message of batch) {
        if (message.seq >= end) break;
        messages.push(message);
        bytes += message.data.length;
        while (messages.length > limit || (bytes > MAX_PAGE_BYTES && messages.length > 1)) {
          bytes -= messages.shift()?.data.length ?? 0;
          isCut = true;
        }
      }
    }
    return { messages, isCut };
  }

  async #countFrom(filter: string, from: number): Promise<number> {
    const [message] = await this.#batch(filter, from, 1);
    // What is pending are those that follow it.
    return message === undefined ? 0 : message.pending + 1;
  }

  /** The first that match from a place on. */
  async #batch(filter: string, from: number, batch: number): Promise<StoredMsg[]> {
    return storedMessages(await this.#opened(), this.stream, { seq: from, batch, next_by_subj: filter });
  }

  #opened(): Promise<JetStreamManager> {
    // Nothing is asked of the server before it is needed.
    this.#manager ??= jetstreamManager(this.nats, { checkAPI: false });
    return this.#manager;
  }
}
