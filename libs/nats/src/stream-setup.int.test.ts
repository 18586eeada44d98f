import { SESSIONS_BUCKET } from '@gatehouse/contracts';
import { startTestNats } from '@gatehouse/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { connectNats } from './connect-nats.ts';
import { openBucket } from './stream-setup.ts';

test('revisions of a bucket go on growing when the bucket is lost and made anew', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  const before = await openBucket(nats, SESSIONS_BUCKET);
  await before.put('device', 'first');
  const last = await before.put('device', 'second');

  const manager = await jetstreamManager(nats);
  await manager.streams.delete('KV_sessions');
  const after = await openBucket(nats, SESSIONS_BUCKET);

  const revision = await after.put('device', 'third', { previousSeq: 0 });
  expect(revision).toBeGreaterThan(last);
  expect(revision).toBeLessThan(Number.MAX_SAFE_INTEGER);
  expect(await after.put('device', 'fourth', { previousSeq: revision })).toBe(revision + 1);
});

test('services that open a missing bucket at once get the same one, and an existing one stays as it is', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  const [one, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => openBucket(nats, SESSIONS_BUCKET)),
  );
  const revision = (await one?.put('device', 'value')) ?? 0;
  for (const other of others) expect((await other.get('device'))?.revision).toBe(revision);
  const again = await openBucket(nats, SESSIONS_BUCKET);
  expect(await again.put('device', 'value')).toBe(revision + 1);
});
