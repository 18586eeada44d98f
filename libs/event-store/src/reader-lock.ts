import type pg from 'pg';

/** The right to be the only process that reads the log under a name. */
export interface ReaderLock {
  /** Aborted when the lock is lost with its connection: stop reading. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock of a reader, or answers undefined while another process has it. The lock is advisory and
 * held by a connection: no row is written, so it holds back no reader of the log, and it ends with the process.
 */
export async function tryReaderLock(pool: pg.Pool, reader: string): Promise<ReaderLock | undefined> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onError = (error: Error): void => lost.abort(error);
  client.on('error', onError);
  try {
    const { rows } = await client.query<{ taken: boolean }>(
      `select pg_try_advisory_lock(hashtextextended('reader ' || $1, 0)) as taken`,
      [reader],
    );
    if (rows[0]?.taken !== true) {
      client.off('error', onError);
      client.release();
      return undefined;
    }
  } catch (error) {
    client.release(true);
    throw error;
  }
  let isReleased = false;
  return {
    signal: lost.signal,
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      // Closing the connection gives the lock back, whatever state the connection is in.
      client.release(true);
      lost.abort(new Error('the lock was given back'));
    },
  };
}
