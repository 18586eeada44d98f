import { AllowList, NameLookUps, OutboundClient, OutboundPolicy } from '@gatehouse/outbound';
import { startHttpsServer, type HttpsServer, type Responder } from '@gatehouse/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuthenticatorCredentials } from './authenticator.ts';
import { authenticatorOf } from './authenticators.ts';
import type { HttpsTarget } from './https-authenticator.ts';

let server: HttpsServer;
let answer: Responder;

const outbound = new OutboundClient(
  new OutboundPolicy({ allow: AllowList.parse('127.0.0.1'), allowLoopback: false }),
  // No name has an address here, and no name server of this machine is asked for any.
  {
    names: new NameLookUps(() =>
      Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })),
    ),
  },
);
const pump: AuthenticatorCredentials = {
  username: 'UN001',
  password: 'PW001-secret',
  clientId: 'client-7',
  userProperties: [['tenant', 'acme']],
  clientCertificate: { commonName: 'CN001', serialNumber: '0a1b', issuer: 'CN=CA' },
};

beforeAll(async () => {
  server = await startHttpsServer((request, response) => answer(request, response));
});

beforeEach(() => {
  server.requests.length = 0;
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await outbound.close();
});

function authenticate(target: Partial<HttpsTarget> = {}, credentials = pump) {
  const authenticator = authenticatorOf(
    {
      gatewayId: 'gw-abcdefghij',
      authentication: {
        type: 'third-party',
        method: 'https',
        url: `${server.origin}/verify?key=hidden`,
        parameters: [],
        caCertificate: server.caCertificate,
        timeoutMs: 20_000,
        cacheSeconds: 0,
        ...target,
      },
      accessKeySecret: null,
    },
    outbound,
  );
  if (authenticator === undefined) throw new Error('there is an authenticator');
  return authenticator.authenticate(credentials, authenticator.timeoutMs);
}

const json =
  (status: number, body: unknown, type = 'application/json'): Responder =>
  (_request, response) =>
    response
      .writeHead(status, { 'content-type': type })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
const header =
  (status: number, headers: Record<string, string>): Responder =>
  (_request, response) =>
    response.writeHead(status, headers).end();

const accepted = { outcome: 'accepted', deviceName: 'device_TH', permissions: [] };
const refused = (message?: string) => ({ outcome: 'refused', ...(message === undefined ? {} : { message }) });
const failing = (what: string, message = '') => ({
  outcome: 'failed',
  reason: `authenticator-${what}`,
  message: expect.stringContaining(message),
});

/** The first half of an answer must come within it. */
const LIMITS_MS: Readonly<Record<string, number>> = { 'no answer': 300, 'half an answer': 1_500 };

test.each<[string, Responder, object]>([
  ['200 with a deviceName', json(200, { deviceName: 'device_TH' }), accepted],
  ['201 with a charset', json(201, { deviceName: 'device_TH' }, 'application/json; charset=utf-8'), accepted],
  [
    '200 with more fields',
    json(200, { deviceName: 'device_TH', x: [1] }, 'application/vnd.acme+json'),
    accepted,
  ],
  ['200 without a deviceName', json(200, {}), refused()],
  ['200 with an empty one', json(200, { deviceName: '', message: 'who?' }), refused('who?')],
  ['200 with an impossible one', json(200, { deviceName: 'no' }), failing('answer-invalid', 'deviceName')],
  ['200 with HTML', json(200, '<p>', 'text/html'), failing('answer-invalid', 'text/html')],
  ['200 without a type', header(200, {}), failing('answer-invalid', 'no Content-Type')],
  ['204', header(204, {}), failing('answer-invalid')],
  ['200 with half an object', json(200, '{"deviceName":'), failing('answer-invalid', 'not JSON')],
  ['400', json(400, {}), refused('the authenticator answered 400')],
  ['401 with a message', json(401, { message: 'no such user' }), refused('no such user')],
  ['403', header(403, {}), refused('the authenticator answered 403')],
  ['404', json(404, 'not here', 'text/plain'), refused('the authenticator answered 404')],
  ['408', header(408, {}), failing('unavailable', '408')],
  ['429', header(429, { 'retry-after': '1' }), failing('busy', '429')],
  ['500', json(500, { message: 'PW001-secret' }), failing('unavailable', '500')],
  ['503', header(503, {}), failing('unavailable', '503')],
  ['301', header(301, { location: '/' }), failing('answer-invalid', '301')],
  ['302', header(302, { location: 'https://127.0.0.1/' }), failing('answer-invalid', '302')],
  ['304', header(304, {}), failing('answer-invalid', '304')],
  ['307 for ever', header(307, { location: '/again' }), failing('answer-invalid', 'more than 3 times')],
  ['307 to nowhere', header(307, {}), failing('answer-invalid', 'without a Location')],
  ['307 to http', header(307, { location: 'http://127.0.0.1/' }), failing('answer-invalid', 'not https')],
  [
    '307 to a forbidden address',
    header(307, { location: 'https://127.0.0.2/' }),
    failing('unavailable', 'no address that may be called'),
  ],
  [
    '307 to a metadata service',
    header(307, { location: 'https://169.254.169.254/latest' }),
    failing('unavailable', 'metadata service'),
  ],
  ['65,537 bytes', json(200, ' '.repeat(65_537)), failing('answer-invalid', '65536 bytes')],
  [
    'a compressed answer',
    header(200, { 'content-encoding': 'gzip' }),
    failing('answer-invalid', 'compressed'),
  ],
  ['no answer', () => undefined, failing('timeout', 'did not send an answer within 300 ms')],
  [
    'half an answer',
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    failing('timeout', 'the rest of its answer within 1500 ms'),
  ],
  [
    'a connection that ends',
    (_request, { socket }) => void socket?.destroy(),
    failing('unavailable', 'ended the connection'),
  ],
  [
    'no HTTP',
    (_request, { socket }) => void socket?.end('SSH-2.0-OpenSSH\r\n\r\n'),
    failing('answer-invalid', 'no HTTP/1.1'),
  ],
])('%s', async (title, reply, expected) => {
  answer = reply;
  const { answer: verdict, exchange } = await authenticate({
    timeoutMs: LIMITS_MS[title] ?? 20_000,
  });
  expect(verdict).toEqual(expected);
  expect(JSON.stringify([verdict, exchange()])).not.toContain('PW001');
  expect(exchange().sent).not.toBeNull();
});

test('308 is followed with method and body', async () => {
  answer = (request, response) => {
    if (request.path === '/there') json(200, { deviceName: 'device_TH' })(request, response);
    else response.writeHead(308, { location: '/there' }).end();
  };
  expect((await authenticate()).answer).toEqual(accepted);
  expect(server.requests.map(({ body }) => JSON.parse(body).username)).toEqual(['UN001', 'UN001']);
});

test('the body has user name, password, common name and the parameters beside them', async () => {
  answer = json(200, { deviceName: 'device_TH' });
  const { exchange } = await authenticate({
    parameters: [
      { key: 'tenant', value: '${userProperties.tenant}' },
      { key: 'proof', value: '${cert.serial}/${cert.issuer}/${password}' },
      { key: 'username', value: '${username}@${userProperties.tenant}${userProperties.none}' },
      { key: '__proto__', value: 'a field like any other' },
    ],
  });
  expect(server.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
  expect(server.requests[0]?.body).toBe(
    '{"username":"UN001@acme","password":"PW001-secret","certificateCommonName":"CN001","tenant":"acme","proof":"0a1b/CN=CA/PW001-secret","__proto__":"a field like any other"}',
  );
  expect(exchange()).toEqual({
    sent: {
      method: 'POST',
      url: `${server.origin}/verify?key=hidden`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"username":"UN001@acme","password":"***","certificateCommonName":"CN001","tenant":"acme","proof":"0a1b/CN=CA/***","__proto__":"a field like any other"}',
    },
    received: { status: 200, contentType: 'application/json', body: '{"deviceName":"device_TH"}' },
  });
});

test('without a certificate there is no common name in the body', async () => {
  answer = json(200, { deviceName: 'device_TH' });
  await authenticate({}, { ...pump, clientCertificate: undefined });
  expect(server.requests[0]?.body).toBe('{"username":"UN001","password":"PW001-secret"}');
});

test('a password that the service repeats is shown to nobody', async () => {
  answer = json(401, { message: 'PW001-secret is wrong' });
  const { answer: verdict, exchange } = await authenticate();
  expect(verdict).toEqual(refused('*** is wrong'));
  expect(exchange().received?.body).toBe('{"message":"*** is wrong"}');
});

test('of a long answer the beginning is shown, and of a long message too', async () => {
  answer = json(403, { message: 'x'.repeat(10_000) });
  const { answer: verdict, exchange } = await authenticate();
  expect(verdict).toEqual(refused('x'.repeat(1_024)));
  expect(exchange().received?.body.length).toBe(4_096);
});

test.each<[string, Partial<HttpsTarget>, string]>([
  ['an unknown CA', { caCertificate: undefined }, 'the TLS handshake with'],
  ['a forbidden address', { url: 'https://127.0.0.2/' }, 'no address that may be called'],
  ['a name without an address', { url: 'https://nowhere.invalid/' }, 'cannot be resolved'],
  ['no https', { url: 'http://127.0.0.1/' }, 'must begin with https'],
])('nothing is sent to %s', async (_title, target, message) => {
  const { answer: verdict, exchange } = await authenticate(target);
  expect(verdict).toEqual(failing('unavailable', message));
  expect(exchange()).toEqual({ sent: null, received: null });
  expect(server.requests).toEqual([]);
});

test('a server that is not there is unavailable', async () => {
  const { answer: verdict } = await authenticate({ url: 'https://127.0.0.1:1/' });
  expect(verdict).toEqual(failing('unavailable', 'refuses connections'));
});

test('devices that come at once are told apart', async () => {
  answer = (request, response) => {
    const { username } = JSON.parse(request.body);
    setImmediate(() => json(200, { deviceName: username })(request, response));
  };
  const devices = Array.from({ length: 200 }, (_each, index) => `device-${index}`);
  const answers = await Promise.all(devices.map((username) => authenticate({}, { ...pump, username })));
  expect(answers.map(({ answer: verdict }) => verdict)).toEqual(
    devices.map((deviceName) => ({ ...accepted, deviceName })),
  );
});
