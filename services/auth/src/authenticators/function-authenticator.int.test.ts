import type { GatewayAuthentication } from '@gatehouse/contracts';
import { AllowList, OutboundClient, OutboundPolicy } from '@gatehouse/outbound';
import { createCertificateAuthority } from '@gatehouse/pki';
import { startFunctionServer, type FunctionServer } from '@gatehouse/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuthenticatorCredentials } from './authenticator.ts';
import { authenticatorOf } from './authenticators.ts';

type FunctionTarget = Extract<GatewayAuthentication, { method: 'function' }>;

const ACCESS_KEY = { id: 'LTAI5tExample', secret: 'the-secret-of-the-key' };

/** A customer's function as it is deployed, in the runtime of Node.js 14 and later. */
const CODE = `
  exports.handler = (event, context, callback) => {
    const { userName, password, clientId, certificateCommonName } = JSON.parse(event);
    if (userName === 'thrower') throw new TypeError('cannot look up ' + password);
    if (userName === 'sulker') return callback(new Error('the table is gone'));
    if (userName === 'namer') return callback(null, JSON.stringify({ result: 'true' }));
    if (userName === 'babbler') return callback(null, 'hello');
    if (userName === 'silent') return;
    const isRight = password === 'PW001-secret';
    callback(null, JSON.stringify({
      result: String(isRight),
      message: isRight ? '' : 'wrong password for ' + clientId,
      deviceName: [userName, certificateCommonName].filter(Boolean).join(':'),
    }));
  };`;

let functions: FunctionServer;

const outbound = new OutboundClient(
  new OutboundPolicy({ allow: AllowList.parse('127.0.0.1'), allowLoopback: false }),
);
const pump: AuthenticatorCredentials = {
  username: 'UN001',
  password: 'PW001-secret',
  clientId: 'client-7',
  userProperties: [],
};

beforeAll(async () => {
  functions = await startFunctionServer(CODE, ACCESS_KEY);
});

beforeEach(() => {
  functions.requests.length = 0;
  functions.forced = undefined;
});

afterAll(async () => {
  await functions[Symbol.asyncDispose]();
  await outbound.close();
});

const targets = {
  'Function Compute 2.0': (): FunctionTarget['function'] => ({
    provider: 'aliyun-fc',
    endpoint: functions.origin,
    service: 'devices',
    function: 'verify',
    accessKeyId: ACCESS_KEY.id,
  }),
  'Function Compute 3.0': (): FunctionTarget['function'] => ({
    provider: 'aliyun-fc',
    endpoint: `${functions.origin}/`,
    function: 'verify',
    accessKeyId: ACCESS_KEY.id,
  }),
  'a function behind a URL': (): FunctionTarget['function'] => ({
    provider: 'http-function',
    endpoint: `${functions.origin}/function`,
  }),
};
type Provider = keyof typeof targets;
const providers = Object.keys(targets) as Provider[];
const clouds = providers.slice(0, 2);

interface Asked {
  readonly target?: Partial<FunctionTarget['function']>;
  readonly secret?: string | null;
  readonly settings?: Partial<FunctionTarget>;
  readonly credentials?: Partial<AuthenticatorCredentials>;
}

function authenticate(provider: Provider, asked: Asked = {}) {
  const { target = {}, secret = ACCESS_KEY.secret, settings = {}, credentials = {} } = asked;
  const authenticator = authenticatorOf(
    {
      gatewayId: 'gw-abcdefghij',
      authentication: {
        type: 'third-party',
        method: 'function',
        function: { ...targets[provider](), ...target },
        caCertificate: functions.caCertificate,
        ...settings,
      },
      accessKeySecret: secret,
    },
    outbound,
  );
  if (authenticator === undefined) throw new Error('there is an authenticator');
  return authenticator.authenticate({ ...pump, ...credentials }, authenticator.timeoutMs);
}

const failing = (what: string, message: string) => ({
  outcome: 'failed',
  reason: `authenticator-${what}`,
  message: expect.stringContaining(message),
});
const named = (deviceName: string) => ({ outcome: 'accepted', deviceName, permissions: [] });

test.each(providers)('%s runs the same code, which says yes and no', async (provider) => {
  expect((await authenticate(provider)).answer).toEqual(named('UN001'));
  expect(functions.requests.map(({ body }) => body)).toEqual([
    JSON.stringify({ userName: 'UN001', password: 'PW001-secret', clientId: 'client-7' }),
  ]);
  const certificate = { commonName: 'CN001', serialNumber: '01', issuer: 'CN=CA' };
  const withCertificate = { credentials: { clientCertificate: certificate } };
  expect((await authenticate(provider, withCertificate)).answer).toEqual(named('UN001:CN001'));
  expect(JSON.parse(functions.requests[1]?.body ?? '').certificateCommonName).toBe('CN001');
  expect((await authenticate(provider, { credentials: { password: 'other' } })).answer).toEqual({
    outcome: 'refused',
    message: 'wrong password for client-7',
  });
});

test.each(providers)('%s: a yes without a name, and what is no answer at all', async (provider) => {
  const as = async (username: string) => (await authenticate(provider, { credentials: { username } })).answer;
  expect(await as('namer')).toEqual(named('namer'));
  expect(await as('babbler')).toEqual(failing('answer-invalid', 'not JSON'));
});

test.each(clouds)(
  '%s: a function that throws is no refusal, and its words hide the password',
  async (provider) => {
    const as = (username: string) => authenticate(provider, { credentials: { username } });
    const { answer, exchange } = await as('thrower');
    expect(answer).toEqual(failing('unavailable', '(UnhandledInvocationError): cannot look up ***'));
    expect(JSON.stringify(exchange())).not.toContain('PW001');
    expect((await as('sulker')).answer).toEqual(
      failing('unavailable', '(HandledInvocationError): the table is gone'),
    );
  },
);

test('a function behind a URL that fails is unavailable', async () => {
  const asked = { credentials: { username: 'thrower' } };
  expect((await authenticate('a function behind a URL', asked)).answer).toEqual(
    failing('unavailable', '500'),
  );
});

test.each(clouds)('%s refuses a wrong key, and that is no refusal of the device', async (provider) => {
  const wrongSecret = await authenticate(provider, { secret: 'another-secret' });
  expect(wrongSecret.answer).toEqual(failing('unavailable', 'answered 403 (Signature'));
  const wrongId = await authenticate(provider, { target: { accessKeyId: 'nobody' } });
  expect(wrongId.answer).toEqual(failing('unavailable', 'answered 403 (InvalidAccessKey'));
  expect(wrongId.exchange().received?.status).toBe(403);
});

test.each(clouds)('%s: no such function, too many calls, a fault of the service', async (provider) => {
  const missing = await authenticate(provider, { target: { function: 'absent' } });
  expect(missing.answer).toEqual(failing('unavailable', 'answered 404 (FunctionNotFound)'));
  functions.forced = { status: 429, body: { ErrorCode: 'ResourceThrottled', ErrorMessage: 'slow down' } };
  expect((await authenticate(provider)).answer).toEqual(failing('busy', '(ResourceThrottled): slow down'));
  functions.forced = { status: 500, body: { Code: 'InternalServerError', Message: 'sorry' } };
  expect((await authenticate(provider)).answer).toEqual(
    failing('unavailable', '(InternalServerError): sorry'),
  );
  functions.forced = { status: 307, body: {} };
  expect((await authenticate(provider)).answer).toEqual(failing('unavailable', 'answered 307'));
});

test.each(providers)('%s: time limit, CA and address are those of every URL', async (provider) => {
  const late = { settings: { timeoutMs: 200 }, credentials: { username: 'silent' } };
  expect((await authenticate(provider, late)).answer).toEqual(failing('timeout', 'within 200 ms'));
  const { certificatePem: caCertificate } = await createCertificateAuthority('Stranger CA');
  expect((await authenticate(provider, { settings: { caCertificate } })).answer).toEqual(
    failing('unavailable', 'TLS handshake'),
  );
  const forbidden = await authenticate(provider, { target: { endpoint: 'https://127.0.0.2' } });
  expect(forbidden.answer).toEqual(failing('unavailable', 'no address that may be called'));
  expect(forbidden.exchange()).toEqual({ sent: null, received: null });
});

test.each(providers)('%s: what was sent is shown without password, key and signature', async (provider) => {
  const asked = { target: { accessKeyId: ACCESS_KEY.id } };
  const { answer, exchange } = await authenticate(provider, asked);
  expect(answer.outcome).toBe('accepted');
  const { sent, received } = exchange();
  expect(sent?.method).toBe('POST');
  expect(sent?.url.startsWith(functions.origin)).toBe(true);
  expect(sent?.headers['authorization']).toMatch(/\*\*\*$/);
  expect(sent?.headers['authorization']).not.toMatch(/[0-9a-f]{64}|=$/);
  expect(JSON.parse(sent?.body ?? '')).toEqual({ userName: 'UN001', password: '***', clientId: 'client-7' });
  expect(received).toMatchObject({ status: 200, contentType: 'application/octet-stream' });
  expect(JSON.stringify(exchange())).not.toMatch(/PW001|the-secret/);
});

test('an access key goes to a function behind a URL as user name and password', async () => {
  const provider = 'a function behind a URL';
  const target = { accessKeyId: ACCESS_KEY.id };
  expect((await authenticate(provider, { target, secret: 'wrong' })).answer).toEqual({
    outcome: 'refused',
    message: 'the key is wrong',
  });
  expect((await authenticate(provider, { target })).answer).toEqual(named('UN001'));
});

test.each<[string, Asked, string]>([
  [
    'a role alone, as it could be stored once',
    { target: { roleArn: 'acs:ram::1:role/AliyunIOTAccessingFCRole', accessKeyId: undefined }, secret: null },
    'give accessKeyId and accessKeySecret of a RAM user that may take on the role',
  ],
  ['no secret', { secret: null }, 'the secret of the access key is missing'],
  ['a temporary key', { target: { accessKeyId: 'STS.NT8' } }, 'temporary access key'],
])('%s: what cannot be called says why', async (_title, asked, message) => {
  const { answer, exchange } = await authenticate('Function Compute 3.0', asked);
  expect(answer).toEqual(failing('unavailable', message));
  expect(exchange()).toEqual({ sent: null, received: null });
  expect(functions.requests).toEqual([]);
});

test('devices that come at once are told apart by every provider', async () => {
  for (const provider of providers) {
    const names = Array.from({ length: 50 }, (_each, index) => `device-${index}`);
    const answers = await Promise.all(
      names.map((username) => authenticate(provider, { credentials: { username } })),
    );
    expect(answers.map(({ answer }) => answer)).toEqual(names.map(named));
  }
});
