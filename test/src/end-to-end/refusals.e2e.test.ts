import type { ConnectionOptions } from 'node:tls';
import { admissionRefusal, type ConnectionAttempt } from '@gatehouse/contracts';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connackOf, type ConnectOutcome } from '../connack-of.ts';
import { attemptOf } from '../connection-attempts.ts';
import {
  jsonAnswer,
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const PASSWORD = 'password-1';
const FAILURES_PER_USERNAME = 3;
const BAN_FAILURES = 20;
const ENVIRONMENT = {
  GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1',
  EDGE_FAILURES_PER_USERNAME: String(FAILURES_PER_USERNAME),
  EDGE_BAN_FAILURES: String(BAN_FAILURES),
  // Its refusals are of another kind than those of this table.
  AUTH_BREAKER_MIN_CALLS: '1000',
};

type GatewayName = 'plain' | 'limited' | 'asking' | 'impatient' | 'mutual';

let gatehouse: RunningGatehouse;
let authenticator: CustomerAuthenticator;
let devices: CertificateAuthority;
const gateways = new Map<GatewayName, TestGateway>();

beforeAll(async () => {
  authenticator = await startCustomerAuthenticator();
  gatehouse = await RunningGatehouse.start({ environment: ENVIRONMENT });
  devices = await createCertificateAuthority('device root');
  const settings: Record<GatewayName, object> = {
    plain: {},
    limited: { limits: { keepAlive: { minSeconds: 30, maxSeconds: 600 }, connectsPerMinute: 1 } },
    asking: { authentication: authenticator.target() },
    impatient: { authentication: authenticator.target({ timeoutMs: 500 }) },
    mutual: {
      x509: { enabled: true, commonNameMustEqualUsername: true },
      certificates: { deviceRootCertificate: devices.certificatePem },
    },
  };
  const made = await TestGateways.of(gatehouse);
  for (const name of Object.keys(settings) as GatewayName[]) {
    gateways.set(name, await made.open(name, settings[name]));
  }
  await prepare();
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authenticator[Symbol.asyncDispose]();
});

const gatewayOf = (name: GatewayName): TestGateway => {
  const gateway = gateways.get(name);
  if (gateway === undefined) throw new Error(`there is no gateway ${name}`);
  return gateway;
};

const VERSIONS = [4, 5] as const;
type Version = (typeof VERSIONS)[number];

async function prepare(): Promise<void> {
  for (const name of ['plain', 'limited', 'mutual'] as const) {
    const users = ['wrong', 'disabled', 'guessed', 'quick', 'keep-alive', 'willing', 'mismatch', 'welcome'];
    const body = {
      devices: users.flatMap((user) =>
        VERSIONS.map((version) => ({ username: `${user}-${version}`, password: PASSWORD })),
      ),
    };
    const path = `/products/${gatewayOf(name).productKey}/devices:import`;
    expect((await gatehouse.api('POST', path, body)).status).toBeLessThan(300);
  }
  for (const version of VERSIONS) {
    const path = `/products/${gatewayOf('plain').productKey}/devices/disabled-${version}:disable`;
    expect((await gatehouse.api('POST', path)).status).toBeLessThan(300);
  }
  const rules = [{ topic: 'up/#', action: 'publish', effect: 'allow' }];
  await gatehouse.api('PUT', `${gatewayOf('plain').path}/permissions`, rules);
  const huge = jsonAnswer(200, { deviceName: 'huge-one', more: 'x'.repeat(70_000) });
  for (const version of VERSIONS) {
    authenticator.answers.set(`broken-${version}`, jsonAnswer(503, { message: 'we are ill' }));
    authenticator.answers.set(`crowded-${version}`, jsonAnswer(429, {}));
    authenticator.answers.set(`silent-${version}`, () => undefined);
    authenticator.answers.set(`misnamed-${version}`, jsonAnswer(200, { deviceName: 'no' }));
    authenticator.answers.set(`oversized-${version}`, huge);
  }
}

interface Refusal {
  readonly gateway: GatewayName;
  /** Followed by `-4` and `-5`. */
  readonly username: string;
  readonly password?: string;
  readonly more?: object;
  /** Has to have happened before. */
  readonly before?: (attempt: () => Promise<ConnectOutcome>, version: Version) => Promise<void>;
  readonly codes: readonly [v3: number, v5: number];
  readonly record: Partial<ConnectionAttempt>;
  /** Words of the steps that say why. */
  readonly told?: RegExp;
  readonly tls?: () => Promise<ConnectionOptions>;
}

async function withCertificate(commonName: string, days?: number): Promise<ConnectionOptions> {
  const request = days === undefined ? { commonName } : { commonName, days };
  const { certificatePem, privateKeyPem } = await devices.issueClientCertificate(request);
  return { cert: certificatePem, key: privateKeyPem };
}

const refused = (reason: string) => ({ code: 'EDGE_DEVICE_REFUSED', reason });
const asked = (username: string, codes: Refusal['codes'], reason: string, told: RegExp) =>
  ({ gateway: 'asking', username, codes, record: refused(reason), told }) as const;
const repeated =
  (times: number) =>
  async (attempt: () => Promise<ConnectOutcome>): Promise<void> => {
    for (let round = 0; round < times; round += 1) await attempt();
  };

const judged: Record<string, Refusal> = {
  'a malformed user name': {
    gateway: 'plain',
    username: 'with space',
    codes: [4, 0x86],
    record: refused('malformed-credentials'),
  },
  'an unknown device': {
    gateway: 'plain',
    username: 'nobody',
    codes: [5, 0x87],
    record: refused('unknown-device'),
  },
  'a wrong password': {
    gateway: 'plain',
    username: 'wrong',
    password: 'not-the-one',
    codes: [5, 0x87],
    record: refused('wrong-password'),
  },
  'a disabled device': {
    gateway: 'plain',
    username: 'disabled',
    codes: [5, 0x8a],
    record: refused('device-disabled'),
  },
  'one user name guessed too often': {
    gateway: 'plain',
    username: 'guessed',
    password: 'not-the-one',
    before: repeated(FAILURES_PER_USERNAME),
    codes: [3, 0x9f],
    record: { code: 'EDGE_FAILED_ATTEMPTS_EXCEEDED', reason: 'failed-attempts-exceeded' },
  },
  'a banned address that devices were admitted from': {
    gateway: 'plain',
    username: 'banned',
    before: async (_attempt, version) => {
      const localAddress = addressOf('a banned address that devices were admitted from', version);
      const come = (username: string, password: string) =>
        connackOf(
          { ...gatewayOf('plain').address, localAddress },
          { protocolVersion: version, username, password: Buffer.from(password) },
        );
      expect(await come(`welcome-${version}`, PASSWORD)).toMatchObject({ code: 0 });
      for (let round = 0; round <= BAN_FAILURES; round += 1) await come(`stranger-${round}`, 'wrong');
    },
    codes: [5, 0x8a],
    record: { code: 'EDGE_ADDRESS_BANNED', reason: 'address-banned' },
  },
  'a will that is not allowed': {
    gateway: 'plain',
    username: 'willing',
    more: { will: { topic: 'elsewhere', payload: Buffer.from('gone'), qos: 0, retain: false } },
    codes: [5, 0x90],
    record: { code: 'EDGE_WILL_TOPIC_DENIED', reason: 'will-topic-denied' },
  },
  'a keep alive out of range': {
    gateway: 'limited',
    username: 'keep-alive',
    more: { keepalive: 29 },
    codes: [5, 0x82],
    record: { code: 'EDGE_KEEP_ALIVE_OUT_OF_RANGE', reason: 'keep-alive-out-of-range' },
  },
  'a device that connects too often': {
    gateway: 'limited',
    username: 'quick',
    before: async (attempt) => expect(await attempt()).toMatchObject({ code: 0 }),
    codes: [3, 0x9f],
    record: { code: 'EDGE_CONNECT_RATE_EXCEEDED', reason: 'connect-rate-exceeded' },
  },
  'a common name that is not the user name': {
    gateway: 'mutual',
    username: 'mismatch',
    tls: () => withCertificate('somebody-else'),
    codes: [5, 0x87],
    record: {
      ...refused('common-name-mismatch'),
      certificate: expect.objectContaining({ commonName: 'somebody-else' }),
    },
  },
  'an authenticator that says no': {
    ...asked('refused', [5, 0x87], 'authenticator-refused', /we do not know this password/),
    password: 'not-the-one',
  },
  'an authenticator that is ill': asked('broken', [3, 0x88], 'authenticator-unavailable', /503/),
  'an authenticator with too much to do': asked('crowded', [3, 0x89], 'authenticator-busy', /429/),
  'an authenticator that is silent': {
    ...asked('silent', [3, 0x88], 'authenticator-timeout', /500 ms/),
    gateway: 'impatient',
  },
  'a device name that is none': asked('misnamed', [3, 0x88], 'authenticator-answer-invalid', /deviceName/),
  'an answer that is too long': asked('oversized', [3, 0x88], 'authenticator-answer-invalid', /65536 bytes/),
};

const titles = Object.keys(judged);
/** Each row comes from an address of its own, so that the limits of one do not touch another. */
const addressOf = (title: string, version: Version): string =>
  `127.0.${version}.${titles.indexOf(title) + 1}`;

const rows = Object.entries(judged).flatMap(([title, refusal]) =>
  VERSIONS.map((version) => [title, version, refusal] as const),
);

test.each(rows)('%s, MQTT version %i', async (title, version, refusal) => {
  const username = `${refusal.username}-${version}`;
  const remoteAddress = addressOf(title, version);
  const isAsking = refusal.gateway === 'asking' || refusal.gateway === 'impatient';
  const usual = isAsking ? RIGHT_PASSWORD : PASSWORD;
  const password = Buffer.from(refusal.password ?? usual);
  const tls = {
    ...gatewayOf(refusal.gateway).address,
    localAddress: remoteAddress,
    ...(await refusal.tls?.()),
  };
  const attempt = (clientId: string) =>
    connackOf(tls, { protocolVersion: version, username, password, clientId, ...refusal.more });
  await refusal.before?.(() => attempt('before'), version);

  const clientId = `client of ${username}`;
  const [v3, v5] = refusal.codes;
  const connackCode = version === 4 ? v3 : v5;
  const seen = await attempt(clientId);
  expect(seen).toEqual(
    version === 4
      ? { code: connackCode }
      : { code: connackCode, reasonString: expect.stringMatching(/\w{3} \w/) },
  );

  const record = await attemptOf(gatehouse, { username, clientId });
  expect(record).toMatchObject({
    gatewayId: gatewayOf(refusal.gateway).gatewayId,
    remoteAddress,
    outcome: 'refused',
    connackCode,
    clientId,
    username,
    protocolVersion: version,
    tls: { version: 'TLSv1.3', failure: null },
    session: null,
    ...refusal.record,
  });
  expect(record.message).toMatch(/\w{3} \w/);
  if (refusal.told !== undefined) expect(JSON.stringify(record.steps)).toMatch(refusal.told);
  expect(record.steps.at(-1)).toMatchObject({ name: 'verdict', outcome: record.reason });
  expect(JSON.stringify(record)).not.toContain(password.toString());
});

test('the table has every reason of auth that a client can bring about', () => {
  const reasons = new Set(Object.values(judged).map(({ record }) => record.reason));
  const missing = admissionRefusal.options.filter((reason) => !reasons.has(reason));
  // What ocsp says of certificates has tests of its own.
  expect(new Set(missing)).toEqual(
    new Set(['unknown-gateway', 'certificate-revoked', 'certificate-status-unknown']),
  );
});
