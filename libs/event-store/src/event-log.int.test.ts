import { createTestDatabase, eventually, type TestDatabase } from '@gatehouse/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { appendToStream, appendToStreams } from './append-to-stream.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoints.ts';
import { StreamVersionConflict } from './event-store.failures.ts';
import { createEventTables, type EventStoreTables } from './event-table.ts';
import { logBacklog } from './log-backlog.ts';
import { openDatabase, type OpenDatabase } from './open-database.ts';
import { readAll, START_OF_LOG, type LogPosition } from './read-all.ts';
import { readStream, readStreamBackwards, streamVersions } from './read-stream.ts';
import { readVisible } from './read-visible.ts';
import { adoptRestoredLog } from './restored-log.ts';
import { tryReaderLock } from './reader-lock.ts';

let database: TestDatabase;
let store: OpenDatabase<EventStoreTables>;
const metadata = { actor: 'tester' };
const counted = (value: number) => ({ type: 'Counted', data: { value } });

beforeAll(async () => {
  database = await createTestDatabase();
  store = openDatabase({
    connectionString: database.url,
    applicationName: 'event-log-test',
    poolSize: 12,
    onError: () => undefined,
  });
  await createEventTables(store.db);
});

/** The log once all its `length` events are below the horizon: a transaction of any test holds that back. */
const readWhole = (length: number): ReturnType<typeof readAll> =>
  eventually(async () => {
    const events = await readAll(store.db, START_OF_LOG, length + 1);
    expect(events).toHaveLength(length);
    return events;
  });

beforeEach(async () => {
  await sql`truncate event, checkpoint`.execute(store.db);
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

test('what is appended is read back in order, with its metadata', async () => {
  const { db } = store;
  await appendToStream(db, { streamId: 's', expectedVersion: 0, events: [counted(1), counted(2)], metadata });
  const traced = { actor: 'tester', traceparent: '00-aa-bb-01' };
  const [third] = await appendToStream(db, {
    streamId: 's',
    expectedVersion: 2,
    events: [{ type: 'Renamed', data: { name: `quo"te, {brace} \\ and 'tick'` }, schemaVersion: 2 }],
    metadata: traced,
  });

  const events = await readStream(db, 's');
  expect(
    events.map(({ streamVersion, type, schemaVersion }) => [streamVersion, type, schemaVersion]),
  ).toEqual([
    [1, 'Counted', 1],
    [2, 'Counted', 1],
    [3, 'Renamed', 2],
  ]);
  expect(events[2]).toEqual(third);
  expect(third?.data).toEqual({ name: `quo"te, {brace} \\ and 'tick'` });
  expect(third?.metadata).toEqual(traced);
  expect(third?.recordedAt).toBeInstanceOf(Date);
  expect(third?.globalPosition).toMatch(/^\d+$/);
});

test.each([
  ['lower than', 1],
  ['higher than', 3],
])(
  'an expected version %s the stream has is a conflict and appends nothing',
  async (_words, expectedVersion) => {
    const { db } = store;
    await appendToStream(db, {
      streamId: 's',
      expectedVersion: 0,
      events: [counted(1), counted(2)],
      metadata,
    });
    const append = appendToStream(db, { streamId: 's', expectedVersion, events: [counted(3)], metadata });
    await expect(append).rejects.toBeInstanceOf(StreamVersionConflict);
    expect(await readStream(db, 's')).toHaveLength(2);
  },
);

test('of two writers with the same expected version one wins and the other is told', async () => {
  const { db } = store;
  const write = (value: number) =>
    db.transaction().execute((transaction) =>
      appendToStream(transaction, {
        streamId: 's',
        expectedVersion: 0,
        events: [counted(value)],
        metadata,
      }),
    );
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => write(index)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StreamVersionConflict);
  }
  expect(await readStream(db, 's')).toHaveLength(1);
});

test('ten thousand streams are appended with one statement, in the order given', async () => {
  const { db } = store;
  const appends = Array.from({ length: 10_000 }, (_, index) => ({
    streamId: `device-${(index * 7919) % 10_000}`,
    expectedVersion: 0,
    events: [counted(index)],
    metadata,
  }));
  const recorded = await appendToStreams(db, appends);
  expect(recorded.map(({ streamId }) => streamId)).toEqual(appends.map(({ streamId }) => streamId));
  expect((await streamVersions(db, ['device-0', 'device-9999', 'none'])).size).toBe(2);
});

test('a conflict in one of many streams appends to none', async () => {
  const { db } = store;
  await appendToStream(db, { streamId: 'b', expectedVersion: 0, events: [counted(1)], metadata });
  const append = appendToStreams(
    db,
    ['a', 'b', 'c'].map((streamId) => ({ streamId, expectedVersion: 0, events: [counted(2)], metadata })),
  );
  await expect(append).rejects.toMatchObject({ streamIds: ['a', 'b', 'c'] });
  expect((await streamVersions(db, ['a', 'b', 'c'])).size).toBe(1);
});

test('writers that overlap in many streams never deadlock', async () => {
  const { db } = store;
  const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
  const write = (streamIds: readonly string[]) =>
    db.transaction().execute((transaction) =>
      appendToStreams(
        transaction,
        streamIds.map((streamId) => ({ streamId, expectedVersion: 0, events: [counted(1)], metadata })),
      ),
    );
  const outcomes = await Promise.allSettled([
    write(names),
    write(names.toReversed()),
    write(names),
    write(names.toReversed()),
  ]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(StreamVersionConflict);
  }
});

test('the newest events of a stream come first, page by page', async () => {
  const { db } = store;
  await appendToStream(db, {
    streamId: 's',
    expectedVersion: 0,
    events: [1, 2, 3, 4, 5].map(counted),
    metadata,
  });
  const first = await readStreamBackwards(db, 's', { limit: 2 });
  const second = await readStreamBackwards(db, 's', { limit: 10, beforeVersion: 4 });
  expect(first.map(({ streamVersion }) => streamVersion)).toEqual([5, 4]);
  expect(second.map(({ streamVersion }) => streamVersion)).toEqual([3, 2, 1]);
});

test('a reader never skips an event whose transaction commits late', async () => {
  const { db } = store;
  const seen: string[] = [];
  let position: LogPosition = START_OF_LOG;
  const read = async (): Promise<void> => {
    for (const event of await readAll(db, position, 100)) {
      seen.push(event.streamId);
      position = event;
    }
  };

  const late = await db.startTransaction().execute();
  await appendToStream(late, { streamId: 'late', expectedVersion: 0, events: [counted(1)], metadata });
  await appendToStream(db, { streamId: 'early', expectedVersion: 0, events: [counted(1)], metadata });
  await read();
  expect(seen).toEqual([]);

  await late.commit().execute();
  await expect.poll(async () => read().then(() => seen)).toEqual(['late', 'early']);
});

test('a transaction older than the newest event of a stream cannot append to it', async () => {
  const { db } = store;
  const older = await db.startTransaction().execute();
  await sql`select pg_current_xact_id()`.execute(older);
  await appendToStream(db, { streamId: 's', expectedVersion: 0, events: [counted(1)], metadata });
  const append = appendToStream(older, { streamId: 's', expectedVersion: 1, events: [counted(2)], metadata });
  await expect(append).rejects.toBeInstanceOf(StreamVersionConflict);
  await older.rollback().execute();
});

test('a locked log is read whole, whatever transaction is open elsewhere', async () => {
  const { db } = store;
  const older = await db.startTransaction().execute();
  await sql`select pg_current_xact_id()`.execute(older);
  const events = Array.from({ length: 25 }, (_, index) => counted(index));
  await appendToStream(db, { streamId: 's', expectedVersion: 0, events, metadata });
  expect(await readAll(db, START_OF_LOG, 100)).toEqual([]);
  const visible = await readVisible(db, START_OF_LOG, 100);
  await older.rollback().execute();
  expect(visible.map(({ streamVersion }) => streamVersion)).toEqual(events.map((_, index) => index + 1));
});

test('the backlog of a reader counts what it is held back from', async () => {
  const { db } = store;
  const older = await db.startTransaction().execute();
  await sql`select pg_current_xact_id()`.execute(older);
  const [first] = await appendToStream(db, {
    streamId: 's',
    expectedVersion: 0,
    events: [counted(1), counted(2)],
    metadata,
  });
  expect(await readAll(db, START_OF_LOG, 10)).toEqual([]);
  expect(await logBacklog(db, START_OF_LOG)).toEqual({ events: 2, oldestAt: first?.recordedAt });
  await older.rollback().execute();
  const events = await readWhole(2);
  expect(await logBacklog(db, events.at(-1) ?? START_OF_LOG)).toEqual({ events: 0, oldestAt: undefined });
});

test('a log from another cluster is taken in: what readers had not handled comes, and streams go on', async () => {
  const { db } = store;
  for (const streamId of ['a', 'b']) {
    const events = [counted(1), counted(2)];
    await appendToStream(db, { streamId, expectedVersion: 0, events, metadata });
  }
  expect(await adoptRestoredLog(db)).toBe(0);
  const [, second] = await readWhole(4);
  await sql`update event set transaction_id = (transaction_id::text::bigint + 1000000)::text::xid8`.execute(
    db,
  );
  const transactionId = String(BigInt(second?.transactionId ?? 0) + 1_000_000n);
  await writeCheckpoint(db, 'reader', { transactionId, globalPosition: second?.globalPosition ?? '0' });

  expect(await readAll(db, START_OF_LOG, 10)).toEqual([]);
  expect(await adoptRestoredLog(db)).toBe(4);
  expect(await adoptRestoredLog(db)).toBe(0);
  await appendToStream(db, { streamId: 'a', expectedVersion: 2, events: [counted(3)], metadata });
  const rest = await eventually(async () => {
    const found = await readAll(db, await readCheckpoint(db, 'reader'), 10);
    expect(found).toHaveLength(3);
    return found;
  });
  expect(rest.map(({ streamId, streamVersion }) => `${streamId}${streamVersion}`)).toEqual([
    'b1',
    'b2',
    'a3',
  ]);
});

test('many writers at once are read completely and once', async () => {
  const { db } = store;
  const seen: string[] = [];
  let position: LogPosition = START_OF_LOG;
  let isWriting = true;
  const read = async (): Promise<void> => {
    for (;;) {
      const events = await readAll(db, position, 20);
      for (const event of events) {
        seen.push(`${event.streamId}:${event.streamVersion}`);
        position = event;
      }
      if (events.length === 0 && !isWriting && seen.length === 200) return;
    }
  };
  const write = async (writer: number): Promise<void> => {
    for (let version = 0; version < 25; version += 1) {
      await db.transaction().execute((transaction) =>
        appendToStream(transaction, {
          streamId: `writer-${writer}`,
          expectedVersion: version,
          events: [counted(version)],
          metadata,
        }),
      );
    }
  };
  const reading = read();
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
  isWriting = false;
  await reading;
  expect(new Set(seen).size).toBe(200);
});

test('a checkpoint is remembered and never goes back', async () => {
  const { db } = store;
  expect(await readCheckpoint(db, 'reader')).toEqual(START_OF_LOG);
  const far = { transactionId: '9007199254740993', globalPosition: '9007199254740995' };
  await writeCheckpoint(db, 'reader', far);
  await writeCheckpoint(db, 'reader', { transactionId: '12', globalPosition: '99' });
  expect(await readCheckpoint(db, 'reader')).toEqual(far);
});

test('a reader is one process at a time', async () => {
  const first = await tryReaderLock(store.pool, 'publication');
  expect(first).toBeDefined();
  expect(await tryReaderLock(store.pool, 'publication')).toBeUndefined();
  await first?.release();
  expect(first?.signal.aborted).toBe(true);
  await expect
    .poll(async () => {
      const second = await tryReaderLock(store.pool, 'publication');
      await second?.release();
      return second !== undefined;
    })
    .toBe(true);
});
