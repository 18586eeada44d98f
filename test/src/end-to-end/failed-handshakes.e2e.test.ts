import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ConnectionAttempt } from '@gatehouse/contracts';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connackOf, type ConnectBytes, type ConnectOutcome } from '../connack-of.ts';
import { attemptOf } from '../connection-attempts.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

type GatewayName = 'plain' | 'mutual';

let gatehouse: RunningGatehouse;
let devices: CertificateAuthority;
let gateways: Readonly<Record<GatewayName, TestGateway>>;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({ environment: { EDGE_CONNECT_TIMEOUT_MS: '4000' } });
  devices = await createCertificateAuthority('device root');
  const made = await TestGateways.of(gatehouse);
  gateways = {
    plain: await made.open('plain'),
    mutual: await made.open('mutual', {
      x509: { enabled: true },
      certificates: { deviceRootCertificate: devices.certificatePem },
    }),
  };
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
});

async function withCertificate(authority: CertificateAuthority, days = 1): Promise<ConnectionOptions> {
  const { certificatePem, privateKeyPem } = await authority.issueClientCertificate({
    commonName: 'any-4',
    days,
  });
  return { cert: certificatePem, key: privateKeyPem };
}

async function overTcp({ port }: TestGateway, localAddress: string, bytes: string): Promise<ConnectOutcome> {
  const socket = connectTcp({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  if (bytes !== '') socket.write(Buffer.from(bytes, 'hex'));
  await once(socket, 'close');
  return {};
}

const CONNECT_3_1_1 = '101000044d5154540402003c000470726f62';
const overTls =
  (bytes: ConnectBytes, options: () => Promise<ConnectionOptions> = async () => ({})) =>
  async ({ address }: TestGateway, localAddress: string) =>
    connackOf({ ...address, localAddress, ...(await options()) }, bytes);
const anyConnect: ConnectBytes = { protocolVersion: 4, username: 'any-4' };
// Whether the client reads the end or is reset is a matter of moments.
// oxlint-disable-next-line vitest/no-standalone-expect
const closed: unknown = expect.not.objectContaining({ code: expect.anything() });
const alert = (name: string): unknown => ({ error: expect.stringMatching(name) });

const unidentified: [
  what: string,
  gateway: GatewayName,
  tries: (gateway: TestGateway, localAddress: string) => Promise<ConnectOutcome>,
  sees: unknown,
  record: Partial<ConnectionAttempt>,
][] = [
  [
    'MQTT without TLS',
    'plain',
    (gateway, from) => overTcp(gateway, from, CONNECT_3_1_1),
    {},
    { reason: 'plain-text' },
  ],
  [
    'nothing at all',
    'plain',
    (gateway, from) => overTcp(gateway, from, ''),
    {},
    { reason: 'handshake-timeout' },
  ],
  [
    'TLS 1.1',
    'plain',
    overTls(anyConnect, async () => ({
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })),
    alert('PROTOCOL_VERSION'),
    { reason: 'unsupported-protocol' },
  ],
  [
    'no client certificate',
    'mutual',
    overTls(anyConnect),
    alert('CERTIFICATE_REQUIRED'),
    { reason: 'no-client-certificate' },
  ],
  [
    'an expired client certificate',
    'mutual',
    overTls(anyConnect, () => withCertificate(devices, 0)),
    closed,
    { reason: 'certificate-expired', certificate: null },
  ],
  [
    'a client certificate of another authority',
    'mutual',
    overTls(anyConnect, async () => withCertificate(await createCertificateAuthority('strange root'))),
    closed,
    { reason: 'unknown-ca', certificate: null },
  ],
  [
    'TLS and then HTTP',
    'plain',
    overTls(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    closed,
    { reason: 'packet-malformed' },
  ],
  ['TLS and then silence', 'plain', overTls(Buffer.alloc(0)), closed, { reason: 'connect-timed-out' }],
];

test.each(unidentified)('%s: no CONNECT to judge, and the record says why', async (...row) => {
  const [what, name, tries, sees, record] = row;
  const gateway = gateways[name];
  const remoteAddress = `127.0.2.${1 + unidentified.findIndex(([title]) => title === what)}`;
  expect(await tries(gateway, remoteAddress)).toEqual(sees);
  const attempt = await attemptOf(gatehouse, { ip: remoteAddress });
  expect(attempt).toMatchObject({
    gatewayId: gateway.gatewayId,
    outcome: 'failed',
    connackCode: null,
    clientId: null,
    ...record,
  });
  expect(attempt.message).toMatch(/\w{3} \w/);
});

const raw: [what: string, bytes: string, code: number, reason: string][] = [
  [
    'a protocol version that is not offered',
    '101000044d5154540702003c000470726f62',
    0x84,
    'protocol-version-unsupported',
  ],
  [
    'no client identifier without a clean session',
    '100c00044d5154540400003c0000',
    2,
    'client-identifier-refused',
  ],
];

test.each(raw)('%s is refused with its code', async (what, bytes, code, reason) => {
  const gateway = gateways.plain;
  const remoteAddress = `127.0.1.${1 + raw.findIndex(([title]) => title === what)}`;
  const options = { ...gateway.address, localAddress: remoteAddress };
  expect(await connackOf(options, Buffer.from(bytes, 'hex'))).toEqual({ code });
  expect(await attemptOf(gatehouse, { ip: remoteAddress })).toMatchObject({ connackCode: code, reason });
});
