import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AllowList } from './allow-list.ts';
import { OutboundClient, type OutboundLimits, type OutboundRequest } from './outbound-client.ts';
import { OutboundPolicy } from './outbound-policy.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
/** Two machines: the operator allows the first and not the second. */
let allowed: Server;
let forbidden: Server;
let port: number;
let answer: Answer;
let requests: { body: string; headers: IncomingMessage['headers']; url: string | undefined }[];
let connections: Socket[];
let reachedForbidden: number;
/** What the name server says at this moment. */
let addresses: Record<string, string[]>;
let client: OutboundClient;

const names = ['auth.test', 'other.test'];
const addressBook = async (hostname: string) => {
  const known = addresses[hostname];
  if (known === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  return known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

function clientWith(allow: string, limits: Partial<OutboundLimits> = {}): OutboundClient {
  const policy = new OutboundPolicy({ allow: AllowList.parse(allow), allowLoopback: false });
  return new OutboundClient(policy, { limits, resolve: addressBook });
}

async function serverOf(at: string, onPort: number, issuer: CertificateAuthority): Promise<Server> {
  const { certificatePem, privateKeyPem } = await issuer.issueServerCertificate({
    commonName: 'auth.test',
    dnsNames: names,
    ipAddresses: ['127.0.0.1', '127.0.0.2'],
  });
  const server = createServer({ cert: certificatePem, key: privateKeyPem, keepAlive: true });
  server.listen(onPort, at);
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    createCertificateAuthority('Test CA'),
    createCertificateAuthority('Stranger CA'),
  ]);
  allowed = await serverOf('127.0.0.1', 0, authority);
  ({ port } = allowed.address() as AddressInfo);
  forbidden = await serverOf('127.0.0.2', port, authority);
  allowed.on('secureConnection', (socket: Socket) => connections.push(socket));
  allowed.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url });
      answer(request, response);
    });
  });
  forbidden.on('connection', () => (reachedForbidden += 1));
  forbidden.on('request', (_request, response: ServerResponse) => response.end('secret'));
});

beforeEach(() => {
  requests = [];
  connections = [];
  reachedForbidden = 0;
  addresses = { 'auth.test': ['127.0.0.1'], 'other.test': ['127.0.0.2'] };
  answer = (_request, response) => response.end('fine');
  client = clientWith('127.0.0.1');
});

afterEach(() => {
  for (const socket of connections) socket.destroy();
});

afterAll(() => {
  allowed.close();
  forbidden.close();
});

const ask = (overrides: Partial<OutboundRequest> = {}, by = client) =>
  by.request({
    method: 'POST',
    url: `https://auth.test:${port}/verify?key=hidden`,
    body: 'question',
    caCertificate: authority.certificatePem,
    timeoutMs: 2_000,
    maxResponseBytes: 1_000,
    ...overrides,
  });

const failing = (code: string, message: string | RegExp = '') =>
  expect.objectContaining({
    code,
    message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
  });

test('a request goes out as it is, and its answer comes back', async () => {
  answer = (_request, response) => response.writeHead(201, { 'x-kind': 'test' }).end('fine');
  const response = await ask({ headers: { 'content-type': 'text/plain' } });
  expect({ ...response, body: response.body.toString() }).toMatchObject({
    status: 201,
    headers: { 'x-kind': 'test' },
    body: 'fine',
  });
  expect(requests).toMatchObject([
    {
      body: 'question',
      url: '/verify?key=hidden',
      headers: { 'content-type': 'text/plain', 'accept-encoding': 'identity', host: `auth.test:${port}` },
    },
  ]);
});

test('connections are kept: requests in turn need no new ones', async () => {
  for (let index = 0; index < 10; index += 1) await ask();
  expect(requests.length).toBe(10);
  expect(connections.length).toBeLessThanOrEqual(2);
});

test('a kept connection that the server has closed costs a repeatable request nothing', async () => {
  await ask({ isRepeatable: true });
  answer = (request, response) => {
    if (requests.length === 2) request.socket.destroy();
    else response.end('fine');
  };
  expect((await ask({ isRepeatable: true })).status).toBe(200);
  expect(connections.length).toBe(2);
  answer = (request) => void request.socket.destroy();
  await expect(ask()).rejects.toEqual(failing('OUTBOUND_UNREACHABLE', 'ended the connection'));
});

test('a name is judged by the address that it has when a connection is made', async () => {
  await expect(ask({ url: `https://other.test:${port}/` })).rejects.toEqual(
    failing('OUTBOUND_ADDRESS_FORBIDDEN', 'other.test has no address that may be called: it is a loopback'),
  );
  expect((await ask()).status).toBe(200);
  // The name is pointed elsewhere, and the kept connection ends: the next one is judged again.
  addresses['auth.test'] = ['127.0.0.2'];
  for (const socket of connections) socket.destroy();
  await expect(ask({ isRepeatable: true })).rejects.toEqual(failing('OUTBOUND_ADDRESS_FORBIDDEN'));
  addresses['auth.test'] = ['127.0.0.1'];
  expect((await ask()).status).toBe(200);
  expect(reachedForbidden).toBe(0);
});

test('of several addresses only those are called that may be', async () => {
  addresses['auth.test'] = ['127.0.0.2', '10.9.9.9', '127.0.0.1', '169.254.169.254'];
  expect((await ask()).body.toString()).toBe('fine');
  expect(reachedForbidden).toBe(0);
});

test.each([
  '127.0.0.2',
  '[::ffff:127.0.0.2]',
  '2130706434',
  '0x7f000002',
  '0177.0.0.2',
  '127.2',
  'localhost',
  '169.254.169.254',
  '[fd00:ec2::254]',
  '10.0.0.1',
  '0',
])('the address in https://%s/ is refused before anything is sent', async (host) => {
  addresses['localhost'] = ['::1', '127.0.0.2'];
  await expect(ask({ url: `https://${host}:${port}/` })).rejects.toEqual(
    failing('OUTBOUND_ADDRESS_FORBIDDEN'),
  );
  expect(reachedForbidden).toBe(0);
});

test('redirects 307 and 308 are followed as far as allowed, with method and body', async () => {
  answer = ({ url = '' }, response) => {
    const hops = Number(/\d+/.exec(url)?.[0] ?? 0);
    if (hops === 3) response.end('there');
    else response.writeHead(hops === 1 ? 308 : 307, { location: `/hop/${hops + 1}` }).end();
  };
  expect((await ask({ maxRedirects: 3 })).body.toString()).toBe('there');
  expect(requests.map(({ body, url }) => [body, url]).slice(1)).toEqual([
    ['question', '/hop/1'],
    ['question', '/hop/2'],
    ['question', '/hop/3'],
  ]);
  await expect(ask({ maxRedirects: 2 })).rejects.toEqual(
    failing('OUTBOUND_REDIRECT_INVALID', 'more than 2 times'),
  );
  expect((await ask()).status).toBe(307);
});

test('a redirect passes the policy like any other URL', async () => {
  let location = `https://other.test:${port}/`;
  answer = (_request, response) => response.writeHead(307, { location }).end();
  await expect(ask({ maxRedirects: 3 })).rejects.toEqual(
    expect.objectContaining({ code: 'OUTBOUND_ADDRESS_FORBIDDEN', isAfterRedirect: true }),
  );
  location = `https://127.0.0.2:${port}/`;
  await expect(ask({ maxRedirects: 3 })).rejects.toEqual(failing('OUTBOUND_ADDRESS_FORBIDDEN'));
  location = `http://auth.test:${port}/`;
  await expect(ask({ maxRedirects: 3 })).rejects.toEqual(failing('OUTBOUND_REDIRECT_INVALID', 'not https'));
  location = 'https://user:secret@auth.test/';
  await expect(ask({ maxRedirects: 3 })).rejects.toEqual(failing('OUTBOUND_URL_INVALID'));
  expect(reachedForbidden).toBe(0);
});

test('a key goes to the origin that it is for, and not where that one redirects to', async () => {
  const second = await serverOf('127.0.0.1', 0, authority);
  const { port: secondPort } = second.address() as AddressInfo;
  const seen: IncomingMessage['headers'][] = [];
  second.on('request', ({ headers }: IncomingMessage, response: ServerResponse) => {
    seen.push(headers);
    response.end();
  });
  answer = (_request, response) =>
    response.writeHead(307, { location: `https://auth.test:${secondPort}/` }).end();
  await ask({ maxRedirects: 1, headers: { authorization: 'Basic a2V5', 'x-other': 'stays' } });
  expect(requests[0]?.headers.authorization).toBe('Basic a2V5');
  expect(seen).toEqual([expect.not.objectContaining({ authorization: expect.anything() })]);
  expect(seen[0]?.['x-other']).toBe('stays');
  second.closeAllConnections();
  second.close();
});

test('a certificate of an unknown authority is refused, each time, and one of the own CA accepted', async () => {
  await expect(ask({ caCertificate: undefined })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'caCertificate'),
  );
  await expect(ask({ caCertificate: stranger.certificatePem })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED'),
  );
  expect((await ask()).status).toBe(200);
  // The CA of one customer is not that of another: kept connections are not shared.
  await expect(ask({ caCertificate: undefined })).rejects.toEqual(failing('OUTBOUND_TLS_FAILED'));
  await expect(ask({ caCertificate: 'nothing of the kind' })).rejects.toEqual(failing('OUTBOUND_CA_INVALID'));
  expect(requests.length).toBe(1);
});

test('the public authorities stay trusted beside an own CA', async () => {
  const usual = getCACertificates('default');
  setDefaultCACertificates([stranger.certificatePem]);
  const known = await serverOf('127.0.0.1', 0, stranger);
  try {
    const url = `https://auth.test:${(known.address() as AddressInfo).port}/`;
    known.on('request', (_request, response: ServerResponse) => response.end());
    expect((await ask({ url })).status).toBe(200);
    expect((await ask({ url, caCertificate: undefined })).status).toBe(200);
  } finally {
    setDefaultCACertificates(usual);
    known.closeAllConnections();
    known.close();
  }
});

test('a certificate for another name is refused, each time, and an expired one too', async () => {
  addresses['wrong.test'] = ['127.0.0.1'];
  for (let index = 0; index < 3; index += 1) {
    await expect(ask({ url: `https://wrong.test:${port}/` })).rejects.toEqual(
      failing('OUTBOUND_TLS_FAILED', 'for other names'),
    );
  }
  const { certificatePem: cert, privateKeyPem: key } = await authority.issueServerCertificate({
    commonName: 'auth.test',
    dnsNames: names,
    days: 0,
  });
  const expired = createServer({ cert, key }).listen(0, '127.0.0.1');
  await once(expired, 'listening');
  const { port: itsPort } = expired.address() as AddressInfo;
  await expect(ask({ url: `https://auth.test:${itsPort}/` })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'has expired'),
  );
  expired.close();
});

test('an answer over the limit is not read to its end', async () => {
  answer = (_request, response) => {
    response.on('error', () => undefined);
    const more = (): void => {
      if (!response.destroyed && response.write(Buffer.alloc(65_536))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  };
  await expect(ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_TOO_LARGE', '1000 bytes'));
  answer = (_request, response) => response.end(Buffer.alloc(1_000));
  expect((await ask()).body.length).toBe(1_000);
  answer = (_request, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end();
  await expect(ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_TOO_LARGE', 'headers'));
});

test('an answer that is compressed, or cut short, is refused', async () => {
  answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
  await expect(ask()).rejects.toEqual(failing('OUTBOUND_RESPONSE_MALFORMED', 'compressed'));
  answer = ({ socket }, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => socket.destroy());
  };
  await expect(ask()).rejects.toEqual(failing('OUTBOUND_UNREACHABLE'));
});

test('headers, or a body, that do not come in time end the request', async () => {
  const startedAt = performance.now();
  answer = () => undefined;
  await expect(ask({ timeoutMs: 200 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT', 'did not send an answer within 200 ms'),
  );
  answer = (_request, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drip));
  };
  await expect(ask({ timeoutMs: 200 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT', 'the rest of its answer'),
  );
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test('the limit holds while a name is looked up, and while a TLS handshake hangs', async () => {
  const mute = createTcpServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const accepted: Socket[] = [];
  mute.on('connection', (socket) => accepted.push(socket));
  const { port: mutePort } = mute.address() as AddressInfo;
  await expect(ask({ url: `https://auth.test:${mutePort}/`, timeoutMs: 200 })).rejects.toEqual(
    failing('OUTBOUND_TIMED_OUT'),
  );
  for (const socket of accepted) socket.destroy();
  mute.close();

  const policy = new OutboundPolicy({ allow: AllowList.parse(''), allowLoopback: false });
  const forgotten = new OutboundClient(policy, { resolve: () => new Promise(() => undefined) });
  await expect(ask({ timeoutMs: 200 }, forgotten)).rejects.toEqual(failing('OUTBOUND_TIMED_OUT'));
});

test('nobody there, no such name, no TLS: each is told in words', async () => {
  const server = createTcpServer((socket) => socket.resume().end('HELLO\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: plainPort } = server.address() as AddressInfo;
  await expect(ask({ url: `https://auth.test:${plainPort}/` })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'speaks no TLS'),
  );
  server.close();
  await once(server, 'close');
  await expect(ask({ url: `https://auth.test:${plainPort}/` })).rejects.toEqual(
    failing('OUTBOUND_UNREACHABLE', 'refuses connections'),
  );
  await expect(ask({ url: 'https://nowhere.test/' })).rejects.toEqual(
    failing('OUTBOUND_NAME_UNKNOWN', 'nowhere.test'),
  );
});

test('no message quotes path, query or body', async () => {
  answer = ({ socket }) => void socket.destroy();
  const failures = await Promise.allSettled([
    ask(),
    ask({ caCertificate: undefined }),
    ask({ url: `https://other.test:${port}/verify?key=hidden` }),
    ask({ url: 'http://auth.test/verify?key=hidden' }),
  ]);
  for (const failure of failures) {
    expect(failure).toMatchObject({ status: 'rejected' });
    expect(String((failure as PromiseRejectedResult).reason.message)).not.toMatch(/hidden|verify|question/);
  }
});

test('requests to one origin are bounded, and others do not notice', async () => {
  const narrow = clientWith('127.0.0.1', { connectionsPerOrigin: 2, requestsPerOrigin: 3 });
  const held: ServerResponse[] = [];
  answer = (_request, response) => {
    held.push(response);
    if (held.length > 2) response.end();
  };
  const underWay = [ask({}, narrow), ask({}, narrow), ask({}, narrow)];
  await expect(ask({}, narrow)).rejects.toEqual(failing('OUTBOUND_BUSY'));
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect((await ask({ url: `https://127.0.0.1:${port}/` }, narrow)).status).toBe(200);
  for (const response of held) response.end();
  await Promise.all(underWay);
  await narrow.close();
});

test('the origin that was not called for longest makes room', async () => {
  const small = clientWith('127.0.0.1', { maxOrigins: 1 });
  await ask({}, small);
  const [first] = connections;
  await ask({ url: `https://127.0.0.1:${port}/` }, small);
  if (first?.destroyed === false) await once(first, 'close');
  expect(connections.length).toBe(2);
  expect((await ask({}, small)).status).toBe(200);
  await small.close();
});

test('neither a proxy nor a lax setting of the environment changes where requests go', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    HTTPS_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  try {
    expect((await ask()).status).toBe(200);
    await expect(ask({ caCertificate: stranger.certificatePem })).rejects.toEqual(
      failing('OUTBOUND_TLS_FAILED'),
    );
  } finally {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
      delete process.env[name];
      if (before[name] !== undefined) process.env[name] = before[name];
    }
  }
});
