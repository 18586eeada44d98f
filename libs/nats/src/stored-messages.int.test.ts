import { startTestNats } from '@gatehouse/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { connectNats } from './connect-nats.ts';
import { ServiceTimedOut } from './nats.failures.ts';
import { storedMessages } from './stored-messages.ts';

test('the messages of a subject are read in order, and none are no error', async () => {
  await using server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'STORED', subjects: ['stored.>'], allow_direct: true });
  for (const text of ['a', 'b', 'c']) await jetstream(nats).publish('stored.one', text);
  await jetstream(nats).publish('stored.other', 'd');

  const ofOne = await storedMessages(manager, 'STORED', { seq: 2, batch: 9, next_by_subj: 'stored.one' });
  expect(ofOne.map(({ data }) => Buffer.from(data).toString())).toEqual(['b', 'c']);
  expect(await storedMessages(manager, 'STORED', { seq: 1, batch: 9, next_by_subj: 'stored.none' })).toEqual(
    [],
  );
  await nats.close();
});

test('who stops answering in the middle is waited for no longer than said', async () => {
  await using server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  const manager = await jetstreamManager(nats);
  nats.subscribe('$JS.API.DIRECT.GET.SILENT', {
    callback: (_error, request) => {
      const first = headers();
      first.set('Nats-Num-Pending', '1');
      first.set('Nats-Sequence', '1');
      request.respond('a', { headers: first });
    },
  });
  const reading = storedMessages(manager, 'SILENT', { seq: 1, batch: 9, next_by_subj: 'stored.>' }, 200);
  await expect(reading).rejects.toThrow(ServiceTimedOut);
  await nats.close();
});
