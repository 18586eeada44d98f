import { SESSIONS_BUCKET, sessionKey, type PresenceReport } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { createTestDatabase, startTestNats } from '@gatehouse/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDomain } from '../domain-on-database.ts';
import { SessionDirectory } from '../live-session/session-directory.ts';
import { EdgeSessionCloser } from './edge-session-closer.ts';

test('sessions that an edge has claimed again since it was lost stay open', async () => {
  await using server = await startTestNats();
  await using nats = await connectNats(server.url, 'test');
  await using database = await createTestDatabase();
  await using domain = await openDomain({ url: database.url, masterKey: '12'.repeat(32) });
  const { db, devices, deviceCommands } = domain;
  await sql`insert into product_view (product_key, gateway_id, name, created_at)
    values ('p1', 'g1', 'p1', now())`.execute(db);
  const rows = ['back', 'gone'].map((username, index) => ({
    line: index + 1,
    username,
    password: 'secret',
    sn: undefined,
  }));
  await deviceCommands.import('p1', rows, { dryRun: false }, { actor: 'tester' });
  const bucket = await openBucket(nats, SESSIONS_BUCKET);
  const directory = new SessionDirectory(nats);
  const closer = new EdgeSessionCloser(devices, deviceCommands, directory, createLogger('test', 'silent'));
  const claim = async (deviceName: string): Promise<number> => {
    const entry = { edgeId: 'edge-a', gatewayId: 'g1', connectedAt: '2026-01-01T00:00:00.000Z' };
    const session = await bucket.put(sessionKey('p1', deviceName), JSON.stringify(entry));
    const report: PresenceReport = {
      type: 'connected',
      productKey: 'p1',
      deviceName,
      gatewayId: 'g1',
      session,
      edgeId: 'edge-a',
      clientId: deviceName,
      remoteAddress: '192.0.2.7',
      protocolVersion: 5,
      at: '2026-01-01T00:00:00.000Z',
    };
    await deviceCommands.recordPresence([report]);
    return session;
  };
  await claim('back');
  await claim('gone');

  const upToSession = await closer.newestSession();
  const again = await claim('back');
  await closer.close('edge-a', upToSession, new AbortController().signal);

  expect(await devices.get('p1', 'back')).toMatchObject({ status: 'ONLINE' });
  expect((await directory.find('p1', 'back'))?.session).toBe(again);
  expect(await devices.get('p1', 'gone')).toMatchObject({ status: 'OFFLINE' });
  expect(await directory.find('p1', 'gone')).toBeUndefined();
});
