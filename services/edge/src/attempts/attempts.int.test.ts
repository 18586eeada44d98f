import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ConnectionAttempt, GatewayListener } from '@gatehouse/contracts';
import { mosquittoPrograms } from '@gatehouse/local-servers';
import { createCertificateAuthority, type IssuedCertificate } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDevice, EdgeHouse, type Address } from '../testing/edge-under-test.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

let house: EdgeHouse;
let open: GatewayListener;
let mutual: GatewayListener;
const certificates = new Map<string, IssuedCertificate>();
/** Where an edge listens that gives up soon on clients that say nothing. */
const IMPATIENT = '127.0.0.2';
let clients = 0;

beforeAll(async () => {
  house = await EdgeHouse.open();
  const perAddress = { EDGE_ATTEMPTS_PER_ADDRESS: '5', EDGE_UNIDENTIFIED_ATTEMPTS_PER_ADDRESS: '5' };
  await house.startEdge(perAddress);
  await house.startEdge({ ...perAddress, EDGE_HOST: IMPATIENT, EDGE_CONNECT_TIMEOUT_MS: '1500' });
  const devices = await createCertificateAuthority('device root');
  const strangers = await createCertificateAuthority('strange root');
  const usual = { commonName: 'pump-1' };
  certificates.set('good', await devices.issueClientCertificate(usual));
  certificates.set('strange', await strangers.issueClientCertificate(usual));
  certificates.set('expired', await devices.issueClientCertificate({ ...usual, days: 0 }));
  certificates.set('early', await devices.issueClientCertificate({ ...usual, startsInDays: 2 }));
  certificates.set('server', await devices.issueServerCertificate(usual));
  certificates.set(
    'double',
    await devices.issueClientCertificate({ ...usual, subject: [{ CN: ['pump-1'] }, { CN: ['pump-2'] }] }),
  );
  open = await house.newGateway('gw-open');
  mutual = await house.newGateway('gw-mutual', {
    version: 3,
    deviceRootCertificate: devices.certificatePem,
  });
  for (const gateway of [open, mutual]) {
    house.bus.put(gateway);
    await eventually(() => house.stored.expectListening(gateway, 2));
  }
});

beforeEach(() => {
  house.bus.verdict = () => ({
    outcome: 'admitted',
    productKey: 'a1',
    deviceName: 'pump-1',
    expiresAt: null,
    permissions: [],
    steps: [],
  });
});

afterAll(() => house[Symbol.asyncDispose]());

/** A client's way to a gateway. */
interface Way extends Address {
  readonly localAddress: string;
}

/** A way from an address that nobody else comes from: by that its records are known. */
function wayTo(gateway: GatewayListener, host = '127.0.0.1'): Way {
  clients += 1;
  return { ...house.address(gateway, host), localAddress: `127.0.1.${clients}` };
}

const recordsOf = async ({ localAddress }: Way): Promise<ConnectionAttempt[]> =>
  (await house.stored.attempts()).filter(({ remoteAddress }) => remoteAddress === localAddress);

/** The first record of who came that way. */
async function recordOf(way: Way): Promise<ConnectionAttempt> {
  return (await eventually(async () => {
    const [attempt] = await recordsOf(way);
    expect(attempt).toBeDefined();
    return attempt;
  })) as ConnectionAttempt;
}

const admissionOf = ({ localAddress }: Way) =>
  house.bus.admissions.find(({ remoteAddress }) => remoteAddress === localAddress);

/** What a TLS client sees: the code of the error that it gets, or that it was closed. */
async function shakeHands(way: Way, options: ConnectionOptions, packet?: Buffer): Promise<string> {
  const socket = connectTls({ ...way, ...options });
  return new Promise((resolve) => {
    socket.on('secureConnect', () => {
      if (packet !== undefined) socket.write(packet);
    });
    socket.on('data', (data: Buffer) => {
      resolve(`answer ${data.toString('hex').slice(0, 8)}`);
      socket.destroy();
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'error'));
    socket.on('close', () => resolve('closed'));
  });
}

async function closedByEdge(socket: Socket, bytes: string): Promise<string> {
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  await once(socket, 'close');
  return 'closed';
}

const withCertificate = (name: string): ConnectionOptions => {
  const issued = certificates.get(name);
  return { cert: issued?.certificatePem, key: issued?.privateKeyPem };
};
const TLS12 = { maxVersion: 'TLSv1.2' } as const;
const mqttConnect = connectPacket(4, 'pump-1');

/** Node checks the chain when the handshake is over, so that the client is closed without an alert. */
const table: [
  what: string,
  gateway: 'open' | 'mutual',
  tries: (way: Way) => Promise<string>,
  outcome: { readonly sees: string | RegExp; readonly record: Partial<ConnectionAttempt> },
][] = [
  [
    'MQTT without TLS',
    'open',
    (way) => closedByEdge(connectTcp(way), mqttConnect.toString('latin1')),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'plain-text', tls: null } },
  ],
  [
    'HTTP',
    'open',
    (way) => closedByEdge(connectTcp(way), 'GET / HTTP/1.1\r\n\r\n'),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'plain-text' } },
  ],
  [
    'nothing at all',
    'open',
    (way) => closedByEdge(connectTcp({ ...way, host: IMPATIENT }), ''),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'handshake-timeout' } },
  ],
  [
    'a TCP connection that is closed again',
    'open',
    async (way) => {
      const socket = connectTcp(way);
      await once(socket, 'connect');
      socket.destroy();
      return 'left';
    },
    {
      sees: 'left',
      record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'closed' },
    },
  ],
  [
    'a cipher suite that is not offered',
    'open',
    (way) => shakeHands(way, { ...TLS12, ciphers: 'AES128-GCM-SHA256' }),
    { sees: /HANDSHAKE_FAILURE$/, record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'no-shared-cipher' } },
  ],
  [
    'TLS 1.1',
    'open',
    (way) => shakeHands(way, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    {
      sees: /PROTOCOL_VERSION$/,
      record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'unsupported-protocol' },
    },
  ],
  [
    'no certificate, TLS 1.3',
    'mutual',
    (way) => shakeHands(way, {}),
    {
      sees: /CERTIFICATE_REQUIRED$/,
      record: { code: 'EDGE_CLIENT_CERTIFICATE_REFUSED', reason: 'no-client-certificate' },
    },
  ],
  [
    'no certificate, TLS 1.2',
    'mutual',
    (way) => shakeHands(way, TLS12),
    {
      sees: /HANDSHAKE_FAILURE$/,
      record: { code: 'EDGE_CLIENT_CERTIFICATE_REFUSED', reason: 'no-client-certificate' },
    },
  ],
  ...(
    [
      ['a certificate of another authority', 'strange', 'unknown-ca'],
      ['an expired certificate', 'expired', 'certificate-expired'],
      ['a certificate that is not valid yet', 'early', 'certificate-not-yet-valid'],
      ['a certificate for servers', 'server', 'certificate-purpose'],
    ] as const
  ).flatMap(([what, name, reason]) =>
    ([{}, TLS12] as const).map((version): (typeof table)[number] => [
      `${what}, TLS ${'maxVersion' in version ? '1.2' : '1.3'}`,
      'mutual',
      (way) => shakeHands(way, { ...withCertificate(name), ...version }, mqttConnect),
      {
        sees: /^(closed|ECONNRESET|EPIPE)$/,
        record: { code: 'EDGE_CLIENT_CERTIFICATE_REFUSED', reason, certificate: null },
      },
    ]),
  ),
  [
    'TLS, and then no CONNECT',
    'open',
    (way) => shakeHands({ ...way, host: IMPATIENT }, {}),
    {
      sees: /^(closed|ECONNRESET)$/,
      record: { code: 'EDGE_CONNECT_TIMED_OUT', reason: 'connect-timed-out' },
    },
  ],
  [
    'TLS, and then HTTP',
    'open',
    (way) => shakeHands(way, {}, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    { sees: /^(closed|ECONNRESET)$/, record: { code: 'MQTT_PACKET_MALFORMED', reason: 'packet-malformed' } },
  ],
  [
    'TLS, and then a connection that is closed',
    'open',
    async (way) => {
      // In TLS 1.3 a client is through before the server is.
      const socket = connectTls({ ...way, ...TLS12 });
      await once(socket, 'secureConnect');
      socket.destroy();
      return 'left';
    },
    { sees: 'left', record: { code: 'EDGE_CLIENT_GONE', reason: 'client-gone' } },
  ],
];

test.each(table)(
  'of %s the record says what the device saw',
  async (_what, which, tries, { sees, record }) => {
    const gateway = which === 'open' ? open : mutual;
    const way = wayTo(gateway);
    const seen = await tries(way);
    const attempt = await recordOf(way);
    expect(seen).toEqual(sees instanceof RegExp ? expect.stringMatching(sees) : sees);
    expect(attempt).toMatchObject({
      gatewayId: gateway.gatewayId,
      remoteAddress: way.localAddress,
      outcome: 'failed',
      connackCode: null,
      clientId: null,
      session: null,
      closed: null,
      ...record,
    });
    expect(attempt.message).toMatch(/\w{3,}/);
    const [handshake] = attempt.steps;
    expect(handshake?.name).toBe('tls-handshake');
  },
);

test.each([
  [4, 5],
  [5, 0x87],
] as const)('a refused MQTT %i client is told %i, and the record tells why', async (version, connackCode) => {
  house.bus.verdict = () => ({
    outcome: 'refused',
    reason: 'wrong-password',
    steps: [{ name: 'credential-lookup', outcome: 'ok', milliseconds: 1.5 }],
  });
  const way = wayTo(open);
  const client = await RawClient.open(way);
  client.send(connectPacket(version, 'pump-1', { clientId: 'c-1' }));
  expect((await client.packet())?.readUInt8(3)).toBe(connackCode);
  client.destroy();
  const attempt = await recordOf(way);
  expect(attempt).toMatchObject({
    outcome: 'refused',
    code: 'EDGE_DEVICE_REFUSED',
    reason: 'wrong-password',
    connackCode,
    clientId: 'c-1',
    username: 'pump-1',
    protocolVersion: version,
    tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', isResumed: false, failure: null },
  });
  expect(attempt.steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'tls-handshake ok',
    'connect-packet ok',
    'queue ok',
    'credential-lookup ok',
    'verdict wrong-password',
  ]);
  expect(JSON.stringify(attempt)).not.toContain('secret');
});

test('an admitted device is recorded when it is let in, and again when it leaves', async () => {
  const way = wayTo(mutual);
  const device = await connectDevice(way, 'pump-1', {
    ...withCertificate('good'),
    servername: 'mqtt.example.com',
    checkServerIdentity: () => undefined,
  } as object);
  const first = await recordOf(way);
  expect(first).toMatchObject({
    outcome: 'admitted',
    code: null,
    reason: null,
    connackCode: 0,
    productKey: 'a1',
    deviceName: 'pump-1',
    certificate: { commonName: 'pump-1', issuer: 'CN=device root' },
    tls: { serverName: 'mqtt.example.com' },
    closed: null,
  });
  expect(first.session).toBeGreaterThan(0);
  expect(first.steps.map(({ name }) => name)).toEqual([
    'tls-handshake',
    'client-certificate',
    'connect-packet',
    'queue',
    'session',
  ]);
  expect(admissionOf(way)).toMatchObject({ gatewayVersion: 3, clientCertificate: first.certificate });

  await device.endAsync();
  const last = await eventually(async () => {
    const [, ...later] = await recordsOf(way);
    expect(later).toHaveLength(1);
    return later[0];
  });
  expect(last).toEqual({
    ...first,
    steps: [],
    closed: { at: expect.any(String), code: 'client-disconnected' },
  });
});

test('a certificate with two common names lets TLS through, and names nobody', async () => {
  const way = wayTo(mutual);
  const device = await connectDevice(way, 'pump-1', withCertificate('double') as object);
  await device.endAsync();
  const attempt = await recordOf(way);
  expect(attempt.certificate?.commonName).toBe('');
  expect(attempt.steps).toContainEqual(
    expect.objectContaining({ name: 'client-certificate', outcome: 'no-common-name' }),
  );
  expect(admissionOf(way)?.clientCertificate?.commonName).toBe('');
});

test('a client that does not trust the gateway says so with an alert', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-attempts-'));
  const cafile = join(directory, 'strange.pem');
  await writeFile(cafile, (await createCertificateAuthority('strange')).certificatePem);
  const { publish, environment } = await mosquittoPrograms();
  const way = wayTo(open);
  const address = ['-h', way.host, '-p', String(way.port), '-A', way.localAddress, '--cafile', cafile];
  await promisify(execFile)(publish, [...address, '-t', 'up', '-m', 'x', '-i', 'c'], {
    env: environment,
  }).catch(() => undefined);
  expect(await recordOf(way)).toMatchObject({ outcome: 'failed', reason: 'client-alert-unknown-ca' });
  await rm(directory, { recursive: true });
});

test('a flood from one address is recorded in part, and the rest is counted', async () => {
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'unknown-device', steps: [] });
  const way = wayTo(open);
  for (let index = 0; index < 20; index += 1) {
    const client = await RawClient.open(way);
    client.send(connectPacket(4, `stranger-${index}`));
    await client.closed();
  }
  await eventually(async () => expect(await recordsOf(way)).toHaveLength(5));
  // Another one of the same edge comes behind them.
  const later = wayTo(open);
  await (await RawClient.connected(later, connectPacket(4, 'stranger'))).closed();
  await recordOf(later);
  const recorded = await recordsOf(way);
  expect(recorded.map(({ reason }) => reason)).toEqual(Array.from({ length: 5 }, () => 'unknown-device'));
});
