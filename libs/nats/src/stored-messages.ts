import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { ServiceTimedOut } from './nats.failures.ts';

/** As the server names it. */
export interface StoredMessagesQuery {
  /** Sequence number of the first that may be among them. */
  readonly seq: number;
  /** May have wildcards. */
  readonly next_by_subj: string;
  /** So many at most. */
  readonly batch: number;
  /** The message that goes beyond this is the last. */
  readonly max_bytes?: number;
}

const TIMEOUT_MS = 10_000;
const NOT_FOUND = 404;

/**
 * Messages of a stream by direct access, the oldest first; none when none match.
 *
 * @param timeoutMs for all of them: when the connection breaks between two, nats.js waits for the next for ever
 * @throws {ServiceTimedOut} and what else NATS has against it
 */
export async function storedMessages(
  manager: JetStreamManager,
  stream: string,
  query: StoredMessagesQuery,
  timeoutMs = TIMEOUT_MS,
): Promise<StoredMsg[]> {
  const found: StoredMsg[] = [];
  const { promise: read, resolve, reject } = Promise.withResolvers<void>();
  const reading = await manager.direct.getBatch(stream, {
    ...query,
    callback: (done, message) => {
      if (done === null) found.push(message);
      else if (done.err === undefined || isNotFound(done.err)) resolve();
      else reject(done.err);
    },
  });
  const timer = setTimeout(
    () => reject(new ServiceTimedOut(`$JS.API.DIRECT.GET.${stream}`, timeoutMs)),
    timeoutMs,
  );
  try {
    await read;
    return found;
  } finally {
    clearTimeout(timer);
    reading.stop();
  }
}

const isNotFound = (error: Error): boolean => 'code' in error && error.code === NOT_FOUND;
