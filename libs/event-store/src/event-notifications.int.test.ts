import { createTestDatabase } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { AppendAnnouncer, EventNotifications } from './event-notifications.ts';
import { openDatabase } from './open-database.ts';

const NEVER_MS = 2_147_483_647;

test('an announcement wakes a listening reader without a poll', async () => {
  await using database = await createTestDatabase();
  await using store = openDatabase({
    connectionString: database.url,
    applicationName: 'notifications-test',
    poolSize: 2,
    onError: () => undefined,
  });
  await using notifications = new EventNotifications(database.url, NEVER_MS);
  const { signal } = new AbortController();
  // The first wake tells that LISTEN is in force.
  await notifications.next(signal);

  const woken = notifications.next(signal);
  const announcer = new AppendAnnouncer(store.db);
  announcer.announce();
  announcer.announce();
  await woken;
  expect(signal.aborted).toBe(false);
});

test('readers are woken by the poll when no notice comes', async () => {
  await using database = await createTestDatabase();
  await using notifications = new EventNotifications(database.url, 20);
  const { signal } = new AbortController();
  for (let wakes = 0; wakes < 5; wakes += 1) await notifications.next(signal);
  expect(signal.aborted).toBe(false);
});

test('waiting ends when the caller gives up', async () => {
  await using database = await createTestDatabase();
  await using notifications = new EventNotifications(database.url, NEVER_MS);
  await notifications.next(AbortSignal.timeout(50));
  expect(notifications).toBeDefined();
});
