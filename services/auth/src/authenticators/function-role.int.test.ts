import type { GatewayAuthentication } from '@gatehouse/contracts';
import { AllowList, OutboundClient, OutboundPolicy } from '@gatehouse/outbound';
import { createCertificateAuthority } from '@gatehouse/pki';
import { startFunctionServer, type FunctionServer } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Authenticator } from './authenticator.ts';
import { authenticatorOf } from './authenticators.ts';

type FunctionTarget = Extract<GatewayAuthentication, { method: 'function' }>;

const ACCESS_KEY = { id: 'LTAI5tExample', secret: 'the-secret-of-the-key' };
const CODE = `
  exports.handler = (event, context, callback) => {
    const { userName, password } = JSON.parse(event);
    if (userName === 'silent') return;
    callback(null, JSON.stringify({ result: String(password === 'PW001-secret'), deviceName: userName }));
  };`;
const NAMED = { outcome: 'accepted', deviceName: 'UN001', permissions: [] };
const VERSIONS = [
  ['2.0', { service: 'devices' }],
  ['3.0', {}],
] as const;

let functions: FunctionServer;
let outbound: OutboundClient;

beforeEach(async () => {
  functions = await startFunctionServer(CODE, ACCESS_KEY);
  const policy = new OutboundPolicy({ allow: AllowList.parse('127.0.0.1'), allowLoopback: false });
  outbound = new OutboundClient(policy);
});
afterEach(async () => {
  await outbound.close();
  await functions[Symbol.asyncDispose]();
});

interface Setup {
  readonly target?: Partial<FunctionTarget['function']>;
  readonly settings?: Partial<FunctionTarget>;
  readonly secret?: string;
}

function authenticatorInRole({ target = {}, settings = {}, secret = ACCESS_KEY.secret }: Setup = {}) {
  const authenticator = authenticatorOf(
    {
      gatewayId: 'gw-abcdefghij',
      authentication: {
        type: 'third-party',
        method: 'function',
        function: {
          provider: 'aliyun-fc',
          endpoint: functions.origin,
          function: 'verify',
          accessKeyId: ACCESS_KEY.id,
          roleArn: functions.roles.arn,
          stsEndpoint: functions.origin,
          ...target,
        },
        caCertificate: functions.caCertificate,
        ...settings,
      },
      accessKeySecret: secret,
    },
    outbound,
  );
  if (authenticator === undefined) throw new Error('there is an authenticator');
  return authenticator;
}

const ask = (authenticator: Authenticator, username = 'UN001') =>
  authenticator.authenticate(
    {
      username,
      password: 'PW001-secret',
      clientId: 'client-7',
      userProperties: [],
    },
    authenticator.timeoutMs,
  );
const failing = (what: string, text: string) => ({
  outcome: 'failed',
  reason: `authenticator-${what}`,
  message: expect.stringContaining(text),
});
const callsToSts = (): string[] =>
  functions.requests.map(({ path }) => path).filter((path) => path.startsWith('/?'));
const callsToFunction = (): number => functions.requests.length - callsToSts().length;

test.each(VERSIONS)('Function Compute %s is invoked in a role, which is taken on once', async (_, more) => {
  const authenticator = authenticatorInRole({ target: more });
  const names = Array.from({ length: 20 }, (_each, index) => `device-${index}`);
  const answers = await Promise.all(names.map((name) => ask(authenticator, name)));
  expect(answers.map(({ answer }) => answer)).toEqual(names.map((deviceName) => ({ ...NAMED, deviceName })));
  expect((await ask(authenticator)).answer).toEqual(NAMED);
  expect(callsToSts()).toEqual([
    `/?DurationSeconds=3600&RoleArn=${encodeURIComponent(functions.roles.arn)}&RoleSessionName=gatehouse-gw-abcdefghij`,
  ]);
  expect(callsToFunction()).toBe(21);
});

test.each(VERSIONS)('Function Compute %s: a session that has ended is replaced, once', async (_, more) => {
  const authenticator = authenticatorInRole({ target: more });
  await ask(authenticator);
  functions.roles.endSessions();
  expect((await ask(authenticator)).answer).toEqual(NAMED);
  expect(functions.roles.given).toHaveLength(2);

  functions.requests.length = 0;
  functions.roles.areRefused = true;
  expect((await ask(authenticator)).answer).toEqual(
    failing('unavailable', 'answered 403 (InvalidSecurityToken'),
  );
  expect(callsToSts()).toHaveLength(1);
  expect(callsToFunction()).toBe(2);
});

test('a session that soon ends is used once and not kept', async () => {
  functions.roles.sessionSeconds = 299;
  const authenticator = authenticatorInRole();
  expect((await ask(authenticator)).answer).toEqual(NAMED);
  expect((await ask(authenticator)).answer).toEqual(NAMED);
  expect(functions.roles.given).toHaveLength(2);
});

test.each<[string, Setup, string]>([
  [
    'no such role',
    { target: { roleArn: 'acs:ram::1:role/other' } },
    '(404 EntityNotExist.Role): there is no such role: correct roleArn; it says: The specified Role does not exist.',
  ],
  [
    'no such key',
    { target: { accessKeyId: 'LTAInobody' } },
    '(404 InvalidAccessKeyId.NotFound): the key is gone or disabled: give accessKeyId and accessKeySecret of another',
  ],
  [
    'the secret of another key',
    { secret: 'wrong' },
    '(400 SignatureDoesNotMatch): accessKeySecret does not belong to accessKeyId: give it again; it says: Not the',
  ],
  [
    'a path where STS is not',
    { target: { stsEndpoint: 'https://127.0.0.1:PORT/elsewhere' } },
    'STS answered 404 and no error of STS: is stsEndpoint that of STS?',
  ],
])('%s: the code of STS, what to do, and its words', async (_title, { target = {}, secret }, message) => {
  const { stsEndpoint } = target;
  const { port } = new URL(functions.origin);
  const there = stsEndpoint === undefined ? {} : { stsEndpoint: stsEndpoint.replace('PORT', port) };
  const setup = { target: { ...target, ...there }, ...(secret === undefined ? {} : { secret }) };
  const { answer, exchange } = await ask(authenticatorInRole(setup));
  expect(answer).toEqual(failing('unavailable', message));
  expect(exchange()).toMatchObject({ sent: null, received: null, assumedRole: { received: {} } });
});

test('a key that may not take on the role is told how it may, and STS is asked once', async () => {
  functions.roles.forced = { code: 'NoPermission', message: 'You are not authorized to do this action.' };
  const authenticator = authenticatorInRole();
  const refused = failing('unavailable', '(403 NoPermission): let the RAM user of the key take on the role');
  expect((await ask(authenticator)).answer).toEqual(refused);
  expect((await ask(authenticator)).answer).toEqual(refused);
  expect(callsToSts()).toHaveLength(1);
  expect(callsToFunction()).toBe(0);
});

test('the time limit holds for both calls together', async () => {
  functions.roles.forced = 'silence';
  const slow = authenticatorInRole({ settings: { timeoutMs: 300 } });
  const { answer, exchange } = await ask(slow);
  expect(answer).toEqual(failing('timeout', functions.origin));
  expect(exchange().sent).toBeNull();
  functions.roles.forced = undefined;
  expect((await ask(slow, 'silent')).answer).toEqual(failing('timeout', functions.origin));
});

test('the policy and the CA of the gateway hold for STS too', async () => {
  const forbidden = authenticatorInRole({ target: { stsEndpoint: 'https://127.0.0.2' } });
  expect((await ask(forbidden)).answer).toEqual(failing('unavailable', 'no address that may be called'));
  const { certificatePem: caCertificate } = await createCertificateAuthority('Stranger CA');
  const distrustful = authenticatorInRole({ settings: { caCertificate } });
  expect((await ask(distrustful)).answer).toEqual(failing('unavailable', 'TLS handshake'));
});

test.each(VERSIONS)(
  'Function Compute %s: what was sent is shown without keys and tokens',
  async (_, more) => {
    const authenticator = authenticatorInRole({ target: more });
    const { exchange } = await ask(authenticator);
    const { sent, received, assumedRole } = exchange();
    expect(assumedRole?.sent.url).toContain('RoleSessionName=gatehouse-gw-abcdefghij');
    expect(assumedRole?.sent.headers).toMatchObject({
      'x-acs-action': 'AssumeRole',
      authorization: expect.stringMatching(/^ACS3-HMAC-SHA256 Credential=LTAI5tExample,.*Signature=\*\*\*$/),
    });
    expect(JSON.parse(assumedRole?.received.body ?? '')).toEqual({
      Credentials: {
        AccessKeyId: 'STS.NUg1',
        AccessKeySecret: '***',
        SecurityToken: '***',
        Expiration: expect.any(String),
      },
    });
    expect(Object.entries(sent?.headers ?? {})).toContainEqual([
      expect.stringMatching(/^x-(fc|acs)-security-token$/),
      '***',
    ]);
    expect(received?.status).toBe(200);
    expect(JSON.stringify(exchange())).not.toMatch(/the-secret|secret-of-session|CAIS|PW001/);
  },
);

test('a token that Function Compute quotes is not shown', async () => {
  const authenticator = authenticatorInRole();
  await ask(authenticator);
  const token = functions.roles.given[0]?.securityToken ?? '';
  functions.forced = { status: 400, body: { Code: 'Odd', Message: `x-acs-security-token:${token}` } };
  const { answer, exchange } = await ask(authenticator);
  expect(answer).toEqual(failing('unavailable', '(Odd): x-acs-security-token:***'));
  expect(JSON.stringify(exchange())).not.toContain('CAIS');
});
