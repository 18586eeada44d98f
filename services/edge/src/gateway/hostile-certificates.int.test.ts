import { randomBytes } from 'node:crypto';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ConnectionAttempt, GatewayListener } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateMessage, replacingCertificate } from '../testing/certificate-message.ts';
import { EdgeHouse } from '../testing/edge-under-test.ts';
import type { DeviceChain } from '../testing/device-chain.ts';
import { HostileCertificates } from '../testing/hostile-certificates.ts';
import { oddCertificates } from '../testing/odd-certificates.ts';
import { connectPacket } from '../testing/raw-client.ts';

let house: EdgeHouse;
let gateway: GatewayListener;
const certificates = new HostileCertificates();
const bad = [...certificates.bad()];
const good = [...oddCertificates(certificates)];
const usual = good.find(([what]) => what === 'an intermediate')?.[1] ?? { cert: '', key: '' };

beforeAll(async () => {
  house = await EdgeHouse.open();
  await house.startEdge({ EDGE_UNIDENTIFIED_ATTEMPTS_PER_ADDRESS: '1000' });
  gateway = await house.newGateway('gw-hostile', { deviceRootCertificate: certificates.deviceRoots });
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
});

afterAll(() => house[Symbol.asyncDispose]());

/** What a client with this chain gets to its CONNECT: CONNACK's code, or nothing at all. */
async function connackFor(
  { cert, key }: DeviceChain,
  options: ConnectionOptions = {},
): Promise<number | string> {
  const socket = connectTls({
    ...house.address(gateway),
    cert,
    key,
    // What the client would not do by itself must not stop it.
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...options,
  });
  return new Promise((resolve) => {
    socket.on('secureConnect', () => socket.write(connectPacket(4, 'pump-1')));
    socket.on('data', (data: Buffer) => {
      resolve(data[3] ?? 'no CONNACK');
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve('closed'));
  });
}

/** The record of a connection that came to nothing. */
async function recordOf(tries: () => Promise<unknown>): Promise<ConnectionAttempt> {
  const before = (await house.stored.attempts()).length;
  await tries();
  return (await eventually(async () => {
    const attempt = (await house.stored.attempts())
      .slice(before)
      .find(({ outcome }) => outcome !== 'admitted');
    expect(attempt).toBeDefined();
    return attempt;
  })) as ConnectionAttempt;
}

const TLS12 = { maxVersion: 'TLSv1.2' } as const;

test('the table is long enough to mean something', () => {
  expect(bad.length + raw.length).toBeGreaterThanOrEqual(40);
});

test.each(bad)('%s: refused, and the record says why', async (_what, chain, reason) => {
  for (const options of [{}, TLS12]) {
    const attempt = await recordOf(async () => expect(await connackFor(chain, options)).toBe('closed'));
    expect(attempt).toMatchObject({
      outcome: 'failed',
      code: 'EDGE_CLIENT_CERTIFICATE_REFUSED',
      reason: reason instanceof RegExp ? expect.stringMatching(reason) : reason,
      certificate: null,
      clientId: null,
    });
  }
});

test('the listener serves on after all of them', async () => {
  expect(await connackFor(usual)).toBe(0);
  expect(await connackFor(usual, TLS12)).toBe(0);
});

test.each(good)('%s: let in', async (_what, chain) => {
  expect(await connackFor(chain)).toBe(0);
  expect(await connackFor(chain, TLS12)).toBe(0);
});

const leaf = certificates.intermediate.issueClient({ commonName: 'pump-1' }).certificate.raw;
const above = certificates.intermediate.certificate.raw;
const length24 = (length: number): Buffer => Buffer.of(length >> 16, (length >> 8) & 0xff, length & 0xff);

const raw: readonly [what: string, body: Buffer][] = [
  ['an empty list', certificateMessage([])],
  ['an entry of no bytes', certificateMessage([Buffer.alloc(0)])],
  ['garbage', certificateMessage([randomBytes(600)])],
  ['a certificate that is cut short', certificateMessage([leaf.subarray(0, leaf.length - 20), above])],
  [
    'a certificate with bytes behind it',
    certificateMessage([Buffer.concat([leaf, Buffer.of(0, 1, 2)]), above]),
  ],
  ['an intermediate that is cut short', certificateMessage([leaf, above.subarray(0, 100)])],
  ['an intermediate before the certificate', certificateMessage([above, leaf])],
  ["somebody else's certificate", certificateMessage([leaf, above])],
  [
    'a public key for a certificate',
    certificateMessage([certificates.root.certificate.publicKey.export({ format: 'der', type: 'spki' })]),
  ],
  ['text for a certificate', certificateMessage([Buffer.from(certificates.root.certificatePem)])],
  ['a list that is longer than its message', Buffer.concat([length24(5_000), length24(leaf.length), leaf])],
  ['a list that is shorter than its message', Buffer.concat([length24(10), length24(leaf.length), leaf])],
  [
    'an entry that is longer than its list',
    Buffer.concat([length24(leaf.length + 3), length24(leaf.length + 50), leaf]),
  ],
  [
    'a length of DER that lies',
    certificateMessage([Buffer.concat([Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), leaf])]),
  ],
  ['DER of 5,000 nested sequences', certificateMessage([nested(5_000)])],
  ['120 certificates', certificateMessage(Array.from({ length: 120 }, () => leaf))],
  ['a list of over 100 kB', certificateMessage([leaf, randomBytes(120_000)])],
];

function nested(depth: number): Buffer {
  let der = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) {
    der = Buffer.concat([Buffer.of(0x30, 0x82, der.length >> 8, der.length & 0xff), der]);
  }
  return der;
}

test.each(raw)('a Certificate message with %s: refused, without a session', async (_what, body) => {
  const way = await replacingCertificate(gateway.port, body);
  const attempt = await recordOf(async () =>
    expect(await connackFor(usual, { ...TLS12, port: way.port })).toBe('closed'),
  );
  way.close();
  expect(attempt).toMatchObject({ outcome: 'failed', certificate: null, clientId: null });
  expect(attempt.code).toMatch(/^EDGE_(CLIENT_CERTIFICATE_REFUSED|TLS_HANDSHAKE_FAILED)$/);
  expect(attempt.reason).not.toBe('other');
  expect(await connackFor(usual)).toBe(0);
});
