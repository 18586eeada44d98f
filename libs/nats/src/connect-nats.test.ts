import { expect, test } from 'vitest';
import { natsOptions } from './connect-nats.ts';

test('user, password and inbox prefix are taken out of the URL', () => {
  expect(natsOptions('nats://edge:s%40crt@127.0.0.1:4333?inbox=_INBOX_edge', 'n')).toMatchObject({
    servers: ['127.0.0.1:4333'],
    user: 'edge',
    pass: 's@crt',
    inboxPrefix: '_INBOX_edge',
  });
});

test('several servers are tried, and the scheme may be left out', () => {
  const options = natsOptions('a.example:4222,nats://b.example:4223', 'n');
  expect(options).toMatchObject({ servers: ['a.example:4222', 'b.example:4223'], inboxPrefix: '_INBOX' });
  expect(options).not.toHaveProperty('user');
});
