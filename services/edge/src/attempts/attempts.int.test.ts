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
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDevice, EdgeHouse } from '../testing/edge-under-test.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

let house: EdgeHouse;
let open: GatewayListener;
let mutual: GatewayListener;
const certificates = new Map<string, IssuedCertificate>();

beforeAll(async () => {
  house = await EdgeHouse.open();
  await house.startEdge({
    EDGE_CONNECT_TIMEOUT_MS: '700',
    EDGE_ATTEMPTS_PER_ADDRESS: '5',
    EDGE_UNIDENTIFIED_ATTEMPTS_PER_ADDRESS: '5',
  });
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
    await eventually(() => house.stored.expectListening(gateway));
  }
});

afterAll(() => house[Symbol.asyncDispose]());

/** The record that `tries` leads to, and no other. */
async function recordOf(tries: () => Promise<unknown>): Promise<[unknown, ConnectionAttempt]> {
  const before = (await house.stored.attempts()).length;
  const seen = await tries();
  const found = await eventually(async () => {
    const [attempt] = (await house.stored.attempts()).slice(before);
    expect(attempt).toBeDefined();
    return attempt;
  });
  return [seen, found as ConnectionAttempt];
}

/** What a TLS client sees: the code of the error that it gets, or that it was closed. */
async function shakeHands(
  gateway: GatewayListener,
  options: ConnectionOptions,
  packet?: Buffer,
): Promise<string> {
  const socket = connectTls({ ...house.address(gateway), ...options });
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
  tries: (gateway: GatewayListener) => Promise<string>,
  outcome: { readonly sees: string | RegExp; readonly record: Partial<ConnectionAttempt> },
][] = [
  [
    'MQTT without TLS',
    'open',
    (gateway) => closedByEdge(connectTcp(house.address(gateway)), mqttConnect.toString('latin1')),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'plain-text', tls: null } },
  ],
  [
    'HTTP',
    'open',
    (gateway) => closedByEdge(connectTcp(house.address(gateway)), 'GET / HTTP/1.1\r\n\r\n'),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'plain-text' } },
  ],
  [
    'nothing at all',
    'open',
    (gateway) => closedByEdge(connectTcp(house.address(gateway)), ''),
    { sees: 'closed', record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'handshake-timeout' } },
  ],
  [
    'a TCP connection that is closed again',
    'open',
    async (gateway) => {
      const socket = connectTcp(house.address(gateway));
      await once(socket, 'connect');
      socket.destroy();
      return 'left';
    },
    {
      sees: 'left',
      record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'closed', remoteAddress: '127.0.0.1' },
    },
  ],
  [
    'a cipher suite that is not offered',
    'open',
    (gateway) => shakeHands(gateway, { ...TLS12, ciphers: 'AES128-GCM-SHA256' }),
    { sees: /HANDSHAKE_FAILURE$/, record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'no-shared-cipher' } },
  ],
  [
    'TLS 1.1',
    'open',
    (gateway) =>
      shakeHands(gateway, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    {
      sees: /PROTOCOL_VERSION$/,
      record: { code: 'EDGE_TLS_HANDSHAKE_FAILED', reason: 'unsupported-protocol' },
    },
  ],
  [
    'no certificate, TLS 1.3',
    'mutual',
    (gateway) => shakeHands(gateway, {}),
    {
      sees: /CERTIFICATE_REQUIRED$/,
      record: { code: 'EDGE_CLIENT_CERTIFICATE_REFUSED', reason: 'no-client-certificate' },
    },
  ],
  [
    'no certificate, TLS 1.2',
    'mutual',
    (gateway) => shakeHands(gateway, TLS12),
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
      (gateway) => shakeHands(gateway, { ...withCertificate(name), ...version }, mqttConnect),
      {
        sees: /^(closed|ECONNRESET|EPIPE)$/,
        record: {
          code: 'EDGE_CLIENT_CERTIFICATE_REFUSED',
          reason,
          remoteAddress: '127.0.0.1',
          certificate: null,
        },
      },
    ]),
  ),
  [
    'TLS, and then no CONNECT',
    'open',
    (gateway) => shakeHands(gateway, {}),
    {
      sees: /^(closed|ECONNRESET)$/,
      record: { code: 'EDGE_CONNECT_TIMED_OUT', reason: 'connect-timed-out' },
    },
  ],
  [
    'TLS, and then HTTP',
    'open',
    (gateway) => shakeHands(gateway, {}, Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    { sees: /^(closed|ECONNRESET)$/, record: { code: 'MQTT_PACKET_MALFORMED', reason: 'packet-malformed' } },
  ],
  [
    'TLS, and then a connection that is closed',
    'open',
    async (gateway) => {
      // In TLS 1.3 a client is through before the server is.
      const socket = connectTls({ ...house.address(gateway), ...TLS12 });
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
    const [seen, attempt] = await recordOf(() => tries(gateway));
    expect(seen).toEqual(sees instanceof RegExp ? expect.stringMatching(sees) : sees);
    expect(attempt).toMatchObject({
      gatewayId: gateway.gatewayId,
      remoteAddress: '127.0.0.1',
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
  const [answer, attempt] = await recordOf(async () => {
    const client = await RawClient.open(house.address(open));
    client.send(connectPacket(version, 'pump-1', { clientId: 'c-1' }));
    return client.packet();
  });
  expect(Buffer.from(answer as Buffer).readUInt8(3)).toBe(connackCode);
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
  house.bus.verdict = () => ({
    outcome: 'admitted',
    productKey: 'a1',
    deviceName: 'pump-1',
    expiresAt: null,
    permissions: [],
    steps: [],
  });
  let device: Awaited<ReturnType<typeof connectDevice>> | undefined;
  const [, first] = await recordOf(async () => {
    device = await connectDevice({ ...house.address(mutual) }, 'pump-1', {
      ...withCertificate('good'),
      servername: 'mqtt.example.com',
      checkServerIdentity: () => undefined,
    } as object);
  });
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
  expect(house.bus.admissions.at(-1)).toMatchObject({
    gatewayVersion: 3,
    clientCertificate: first.certificate,
  });

  const [, last] = await recordOf(async () => device?.endAsync());
  expect(last).toEqual({
    ...first,
    steps: [],
    closed: { at: expect.any(String), code: 'client-disconnected' },
  });
});

test('a certificate with two common names lets TLS through, and names nobody', async () => {
  const [, attempt] = await recordOf(async () => {
    const device = await connectDevice(house.address(mutual), 'pump-1', withCertificate('double') as object);
    await device.endAsync();
  });
  expect(attempt.certificate?.commonName).toBe('');
  expect(attempt.steps).toContainEqual(
    expect.objectContaining({ name: 'client-certificate', outcome: 'no-common-name' }),
  );
  expect(house.bus.admissions.at(-1)?.clientCertificate?.commonName).toBe('');
});

test('a client that does not trust the gateway says so with an alert', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-attempts-'));
  const cafile = join(directory, 'strange.pem');
  await writeFile(cafile, (await createCertificateAuthority('strange')).certificatePem);
  const { publish, environment } = await mosquittoPrograms();
  const [, attempt] = await recordOf(() =>
    promisify(execFile)(
      publish,
      ['-h', '127.0.0.1', '-p', String(open.port), '--cafile', cafile, '-t', 'up', '-m', 'x', '-i', 'c'],
      { env: environment },
    ).catch(() => undefined),
  );
  expect(attempt).toMatchObject({ outcome: 'failed', reason: 'client-alert-unknown-ca' });
  await rm(directory, { recursive: true });
});

test('a flood from one address is recorded in part, and the rest is counted', async () => {
  house.bus.verdict = () => ({ outcome: 'refused', reason: 'unknown-device', steps: [] });
  const before = (await house.stored.attempts()).length;
  for (let index = 0; index < 20; index += 1) {
    const client = await RawClient.open(house.address(open));
    client.send(connectPacket(4, `stranger-${index}`));
    await client.closed();
  }
  await eventually(async () => {
    const recorded = (await house.stored.attempts()).slice(before);
    expect(recorded.filter(({ reason }) => reason === 'unknown-device')).toHaveLength(5);
  });
});
