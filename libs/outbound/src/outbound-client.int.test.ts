import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { AllowList } from './allow-list.ts';
import { NameLookUps } from './name-look-ups.ts';
import { OutboundClient } from './outbound-client.ts';
import { OutboundPolicy } from './outbound-policy.ts';
import { portOf, startCustomerServers, startServer } from './testing/customer-servers.ts';
import { failing } from './testing/failing.ts';

test('a request goes out as it is, and its answer comes back', async () => {
  await using at = await startCustomerServers();
  at.answer = (_request, response) => response.writeHead(201, { 'x-kind': 'test' }).end('fine');
  const response = await at.ask({ headers: { 'content-type': 'text/plain' } });
  expect({ ...response, body: response.body.toString() }).toMatchObject({
    status: 201,
    headers: { 'x-kind': 'test' },
    body: 'fine',
  });
  expect(at.requests).toMatchObject([
    {
      body: 'question',
      url: '/verify?key=hidden',
      headers: { 'content-type': 'text/plain', 'accept-encoding': 'identity', host: `auth.test:${at.port}` },
    },
  ]);
});

test('connections are kept: requests in turn need no new ones', async () => {
  await using at = await startCustomerServers();
  for (let index = 0; index < 10; index += 1) await at.ask();
  expect(at.requests.length).toBe(10);
  expect(at.connections.length).toBeLessThanOrEqual(2);
});

test('a kept connection that the server has closed costs a repeatable request nothing', async () => {
  await using at = await startCustomerServers();
  await at.ask({ isRepeatable: true });
  at.answer = (request, response) => {
    if (at.requests.length === 2) request.socket.destroy();
    else response.end('fine');
  };
  expect((await at.ask({ isRepeatable: true })).status).toBe(200);
  expect(at.connections.length).toBe(2);
  at.answer = (request) => void request.socket.destroy();
  await expect(at.ask()).rejects.toEqual(failing('OUTBOUND_UNREACHABLE', 'ended the connection'));
});

test('redirects 307 and 308 are followed as far as allowed, with method and body', async () => {
  await using at = await startCustomerServers();
  at.answer = ({ url = '' }, response) => {
    const hops = Number(/\d+/.exec(url)?.[0] ?? 0);
    if (hops === 3) response.end('there');
    else response.writeHead(hops === 1 ? 308 : 307, { location: `/hop/${hops + 1}` }).end();
  };
  expect((await at.ask({ maxRedirects: 3 })).body.toString()).toBe('there');
  expect(at.requests.map(({ body, url }) => [body, url]).slice(1)).toEqual([
    ['question', '/hop/1'],
    ['question', '/hop/2'],
    ['question', '/hop/3'],
  ]);
  await expect(at.ask({ maxRedirects: 2 })).rejects.toEqual(
    failing('OUTBOUND_REDIRECT_INVALID', 'more than 2 times'),
  );
  expect((await at.ask()).status).toBe(307);
});

test('a redirect passes the policy like any other URL', async () => {
  await using at = await startCustomerServers();
  let location = `https://other.test:${at.port}/`;
  at.answer = (_request, response) => response.writeHead(307, { location }).end();
  await expect(at.ask({ maxRedirects: 3 })).rejects.toEqual(
    expect.objectContaining({ code: 'OUTBOUND_ADDRESS_FORBIDDEN', isAfterRedirect: true }),
  );
  location = `https://127.0.0.2:${at.port}/`;
  await expect(at.ask({ maxRedirects: 3 })).rejects.toEqual(failing('OUTBOUND_ADDRESS_FORBIDDEN'));
  location = `http://auth.test:${at.port}/`;
  await expect(at.ask({ maxRedirects: 3 })).rejects.toEqual(
    failing('OUTBOUND_REDIRECT_INVALID', 'not https'),
  );
  location = 'https://user:secret@auth.test/';
  await expect(at.ask({ maxRedirects: 3 })).rejects.toEqual(failing('OUTBOUND_URL_INVALID'));
  expect(at.reachedForbidden).toBe(0);
});

test('a key goes to the origin that it is for, and not where that one redirects to', async () => {
  await using at = await startCustomerServers();
  const second = await startServer();
  const seen: IncomingMessage['headers'][] = [];
  second.on('request', ({ headers }: IncomingMessage, response: ServerResponse) => {
    seen.push(headers);
    response.end();
  });
  at.answer = (_request, response) =>
    response.writeHead(307, { location: `https://auth.test:${portOf(second)}/` }).end();
  await at.ask({ maxRedirects: 1, headers: { authorization: 'Basic a2V5', 'x-other': 'stays' } });
  expect(at.requests[0]?.headers.authorization).toBe('Basic a2V5');
  expect(seen).toEqual([expect.not.objectContaining({ authorization: expect.anything() })]);
  expect(seen[0]?.['x-other']).toBe('stays');
  second.closeAllConnections();
  second.close();
});

test('an answer over the limit is not read to its end', async () => {
  await using at = await startCustomerServers();
  at.answer = (_request, response) => {
    response.on('error', () => undefined);
    const more = (): void => {
      if (!response.destroyed && response.write(Buffer.alloc(65_536))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
  await expect(at.ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_TOO_LARGE', '1000 bytes'));
  at.answer = (_request, response) => response.end(Buffer.alloc(1_000));
  expect((await at.ask()).body.length).toBe(1_000);
  at.answer = (_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end();
  await expect(at.ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_TOO_LARGE', 'headers'));
});

test('an answer that is compressed, or cut short, is refused', async () => {
  await using at = await startCustomerServers();
  at.answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
  await expect(at.ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_MALFORMED', 'compressed'));
  at.answer = ({ socket }, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => socket.destroy());
  };
  await expect(at.ask()).rejects.toEqual(failing('OUTBOUND_UNREACHABLE'));
});

test('headers, or a body, that do not come in time end the request', async () => {
  await using at = await startCustomerServers();
  at.answer = () => undefined;
  await expect(at.ask({ timeoutMs: 200 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT', 'did not send an answer within 200 ms'),
  );
  at.answer = (_request, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drip));
  };
  // If it had no limit, what drips would at last be over `maxResponseBytes`.
  await expect(at.ask({ timeoutMs: 1_500 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT', 'the rest of its answer within 1500 ms'),
  );
});

test('the limit holds while a name is looked up, and while a TLS handshake hangs', async () => {
  await using at = await startCustomerServers();
  const mute = createTcpServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const accepted: Socket[] = [];
  mute.on('connection', (socket) => accepted.push(socket.on('error', () => undefined)));
  await expect(at.ask({ url: `https://auth.test:${portOf(mute)}/`, timeoutMs: 200 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT'),
  );
  for (const socket of accepted) socket.destroy();
  mute.close();

  const policy = new OutboundPolicy({ allow: AllowList.parse(''), allowLoopback: false });
  const forgotten = new OutboundClient(policy, {
    names: new NameLookUps(() => new Promise(() => undefined)),
  });
  await expect(at.ask({ timeoutMs: 200 }, forgotten)).rejects.toEqual(failing('OUTBOUND_TIMED_OUT'));
});

test('dead names of one asker hold up neither names that are known nor new ones of others', async () => {
  await using at = await startCustomerServers();
  const askedBefore = at.clientWith({ nameWaitMs: 1 }, 'healthy');
  await at.ask({}, askedBefore);
  for (const socket of at.connections) socket.destroy();

  const dead = Array.from({ length: 20 }, (_, index) => `dead-${index}.test`);
  for (const hostname of dead) at.addresses[hostname] = 'nothing';
  const hostile = at.clientWith({ nameWaitMs: 1 }, 'hostile');
  const ends = Promise.allSettled(
    dead.map((hostname) => at.ask({ url: `https://${hostname}/`, timeoutMs: 1_000 }, hostile)),
  );
  expect((await at.ask({ isRepeatable: true }, askedBefore)).status).toBe(200);
  const newcomer = at.clientWith({ nameWaitMs: 1 }, 'newcomer');
  expect((await at.ask({}, newcomer)).status).toBe(200);
  await expect(at.ask({ asker: 'hostile' }, newcomer)).rejects.toEqual(
    failing('OUTBOUND_BUSY', 'auth.test was not looked up'),
  );

  const reasons = (await ends).map((end) => (end.status === 'rejected' ? end.reason : undefined));
  expect(reasons[0]).toEqual(failing('OUTBOUND_TIMED_OUT'));
  expect(reasons.at(-1)).toEqual(failing('OUTBOUND_BUSY', 'look-ups of other names take too long'));
  await Promise.all([askedBefore.close(), newcomer.close()]);
});

test('nobody there, no such name, no TLS: each is told in words', async () => {
  await using at = await startCustomerServers();
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume().end('HELLO\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await expect(at.ask({ url: `https://auth.test:${portOf(server)}/` })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'speaks no TLS'),
  );
  server.close();
  // Nobody's port: one that was closed may be anybody's the next moment.
  await expect(at.ask({ url: 'https://auth.test:1/' })).rejects.toEqual(
    failing('OUTBOUND_UNREACHABLE', 'refuses connections'),
  );
  await expect(at.ask({ url: 'https://nowhere.test/' })).rejects.toEqual(
    failing('OUTBOUND_NAME_UNKNOWN', 'nowhere.test'),
  );
});

test('no message quotes path, query or body', async () => {
  await using at = await startCustomerServers();
  at.answer = ({ socket }) => void socket.destroy();
  const failures = await Promise.allSettled([
    at.ask(),
    at.ask({ caCertificate: undefined }),
    at.ask({ url: `https://other.test:${at.port}/verify?key=hidden` }),
    at.ask({ url: 'http://auth.test/verify?key=hidden' }),
  ]);
  for (const failure of failures) {
    expect(failure).toMatchObject({ status: 'rejected' });
    expect(String((failure as PromiseRejectedResult).reason.message)).not.toMatch(/hidden|verify|question/);
  }
});

test('requests to one origin are bounded, and others do not notice', async () => {
  await using at = await startCustomerServers();
  const narrow = at.clientWith({ connectionsPerOrigin: 2, requestsPerOrigin: 3 });
  const held: ServerResponse[] = [];
  at.answer = (_request, response) => {
    held.push(response);
    if (held.length > 2) response.end();
  };
  const underWay = [at.ask({}, narrow), at.ask({}, narrow), at.ask({}, narrow)];
  await expect(at.ask({}, narrow)).rejects.toEqual(failing('OUTBOUND_BUSY'));
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect((await at.ask({ url: `https://127.0.0.1:${at.port}/` }, narrow)).status).toBe(200);
  for (const response of held) response.end();
  await Promise.all(underWay);
  await narrow.close();
});

test('the origin that was not called for longest makes room', async () => {
  await using at = await startCustomerServers();
  const small = at.clientWith({ maxOrigins: 1 });
  await at.ask({}, small);
  const [first] = at.connections;
  await at.ask({ url: `https://127.0.0.1:${at.port}/` }, small);
  if (first?.destroyed === false) await once(first, 'close');
  expect(at.connections.length).toBe(2);
  expect((await at.ask({}, small)).status).toBe(200);
  await small.close();
});
