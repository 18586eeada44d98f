import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TICKET_KEYS_BUCKET, type GatewayListener } from '@gatehouse/contracts';
import { opensslProgram, type OpensslProgram } from '@gatehouse/local-servers';
import { openBucket } from '@gatehouse/nats';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { EdgeHouse } from '../testing/edge-under-test.ts';

let openssl: OpensslProgram;
let house: EdgeHouse;
let directory: string;
let devices: CertificateAuthority;

// May have to be fetched.
beforeAll(async () => {
  openssl = await opensslProgram();
}, 120_000);

beforeEach(async () => {
  house = await EdgeHouse.open();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-tickets-'));
  devices = await createCertificateAuthority('device root');
  const issued = await devices.issueClientCertificate({ commonName: 'pump-1' });
  await writeFile(join(directory, 'device.pem'), issued.certificatePem + issued.privateKeyPem);
  await writeFile(join(directory, 'ca.pem'), house.authority.certificatePem);
});

afterEach(async () => {
  await house[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const file = (name: string): string => join(directory, name);

type TlsVersion = '1.2' | '1.3';

/**
 * One handshake with OpenSSL as the device.
 *
 * @param session `out`: a ticket is awaited and kept; `in`: the kept one is used
 * @returns `New` or `Reused`, or `Refused`
 */
async function handshake(
  gateway: GatewayListener,
  host: string,
  version: TlsVersion,
  session: 'out' | 'in',
): Promise<string> {
  const args = ['s_client', '-connect', `${host}:${gateway.port}`, `-tls${version.replace('.', '_')}`];
  args.push('-CAfile', file('ca.pem'), '-cert', file('device.pem'), '-key', file('device.pem'));
  args.push(`-sess_${session}`, file(`session-${version}`));
  const client = spawn(openssl.command, args, { env: openssl.environment });
  let output = '';
  const found = (pattern: RegExp): string | undefined => pattern.exec(output)?.[1];
  // A server that refuses it ends it, whatever is still to be said.
  client.stdin.on('error', () => undefined);
  client.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    const isTold = /^(?:New|Reused), TLS/m.test(output);
    const hasTicket = version === '1.2' || /New Session Ticket arrived/.test(output);
    if (isTold && (session === 'in' || hasTicket)) client.stdin.end();
  });
  await new Promise((resolve) => {
    client.on('close', resolve);
  });
  return found(/^(New|Reused), TLS/m) ?? 'Refused';
}

async function twoEdges(gateway: GatewayListener): Promise<void> {
  for (const EDGE_HOST of ['127.0.0.1', '127.0.0.2']) {
    await house.startEdge({ EDGE_HOST });
  }
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway, 2));
}

test.each<TlsVersion>(['1.2', '1.3'])(
  'a ticket of one edge resumes on another, in TLS %s, and not once the device root has changed',
  async (version) => {
    const gateway = await house.newGateway('gw-1', { deviceRootCertificate: devices.certificatePem });
    await twoEdges(gateway);
    expect(await handshake(gateway, '127.0.0.1', version, 'out')).toBe('New');
    expect(await handshake(gateway, '127.0.0.2', version, 'in')).toBe('Reused');
    // The resumed connection has the certificate of the first one.
    await eventually(async () => {
      const resumed = (await house.stored.attempts()).find(({ tls }) => tls?.isResumed === true);
      expect(resumed).toMatchObject({
        certificate: { commonName: 'pump-1', issuer: 'CN=device root' },
        steps: [
          { name: 'tls-handshake', outcome: 'resumed' },
          { name: 'client-certificate', outcome: 'ok' },
        ],
      });
    });

    // Both roots, so that the device itself would still be let in.
    const other = await createCertificateAuthority('another root');
    const changed: GatewayListener = {
      ...gateway,
      version: 2,
      admissionVersion: 2,
      deviceRootCertificate: devices.certificatePem + other.certificatePem,
    };
    house.bus.put(changed);
    await eventually(() => house.stored.expectListening(changed, 2));
    expect(await handshake(changed, '127.0.0.1', version, 'in')).toBe('New');
    expect(await handshake(changed, '127.0.0.2', version, 'in')).toBe('New');
  },
);

test('a replaced device root holds for the next handshake', async () => {
  const gateway = await house.newGateway('gw-1', { deviceRootCertificate: devices.certificatePem });
  await twoEdges(gateway);
  const other = await createCertificateAuthority('another root');
  const changed: GatewayListener = {
    ...gateway,
    version: 2,
    admissionVersion: 2,
    deviceRootCertificate: other.certificatePem,
  };
  house.bus.put(changed);
  await eventually(() => house.stored.expectListening(changed, 2));
  await handshake(changed, '127.0.0.1', '1.3', 'out');
  await eventually(async () => {
    expect((await house.stored.attempts()).map(({ reason }) => reason)).toEqual(['unknown-ca']);
  });
});

test('a ticket of another gateway does not resume, nor does one of a gateway without X.509', async () => {
  const gateway = await house.newGateway('gw-1', { deviceRootCertificate: devices.certificatePem });
  await twoEdges(gateway);
  const other = await house.newGateway('gw-2', { deviceRootCertificate: devices.certificatePem });
  const without = await house.newGateway('gw-3');
  for (const each of [other, without]) {
    house.bus.put(each);
    await eventually(() => house.stored.expectListening(each, 2));
  }
  expect(await handshake(without, '127.0.0.1', '1.3', 'out')).toBe('New');
  expect(await handshake(gateway, '127.0.0.1', '1.3', 'in')).toBe('New');
  expect(await handshake(other, '127.0.0.1', '1.3', 'out')).toBe('New');
  expect(await handshake(gateway, '127.0.0.1', '1.3', 'in')).toBe('New');
});

test('a certificate that has expired since is refused when its session is resumed', async () => {
  const gateway = await house.newGateway('gw-1', { deviceRootCertificate: devices.certificatePem });
  await twoEdges(gateway);
  // All that it has to live for is one handshake, on a busy machine.
  const shortLived = await devices.issueClientCertificate({ commonName: 'pump-1', days: 12 / 86_400 });
  await writeFile(join(directory, 'device.pem'), shortLived.certificatePem + shortLived.privateKeyPem);
  expect(await handshake(gateway, '127.0.0.1', '1.3', 'out')).toBe('New');
  await eventually(
    async () => {
      await handshake(gateway, '127.0.0.2', '1.3', 'in');
      const refused = (await house.stored.attempts()).find(({ reason }) => reason === 'certificate-expired');
      expect(refused).toMatchObject({ code: 'EDGE_CLIENT_CERTIFICATE_REFUSED' });
    },
    40_000,
    500,
  );
});

test('the shared secret is made once, and made anew when it is old', async () => {
  const gateway = await house.newGateway('gw-1');
  const bucket = await openBucket(house.nats, TICKET_KEYS_BUCKET);
  const { streamInfo } = await bucket.status();
  await twoEdges(gateway);
  const first = await bucket.get('current');
  expect(first?.revision).toBe(streamInfo.state.last_seq + 1);
  // About four seconds are old to this one.
  await house.startEdge({ EDGE_HOST: '127.0.0.3', EDGE_TICKET_KEY_HOURS: '0.001' });
  await eventually(
    async () => {
      const next = await bucket.get('current');
      expect(next?.revision).toBeGreaterThan(first?.revision ?? 0);
      expect(next?.string()).not.toBe(first?.string());
    },
    30_000,
    200,
  );
  expect(await handshake(gateway, '127.0.0.1', '1.3', 'out')).toBe('New');
});
