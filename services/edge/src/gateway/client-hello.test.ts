import { generateKeyPairSync } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canVerify } from './chain-choice.ts';
import { realClientHello } from '../testing/real-client-hello.ts';
import { readClientHello, type ClientHello } from './client-hello.ts';

async function helloOf(options: ConnectionOptions): Promise<ClientHello> {
  const reading = readClientHello(await realClientHello(options));
  if (reading.outcome !== 'hello') throw new Error(reading.outcome);
  return reading.hello;
}

test('the server name is read from what a real client sends, in lower case', async () => {
  expect(await helloOf({ servername: 'MQTT.example.com' })).toMatchObject({
    serverName: 'mqtt.example.com',
    offersTls13: true,
  });
  expect(await helloOf({ servername: '', maxVersion: 'TLSv1.2' })).toMatchObject({
    serverName: undefined,
    offersTls13: false,
  });
});

test('a hello that comes byte by byte, in one record or in many, is read as the same hello', async () => {
  const bytes = await realClientHello({ servername: 'a.example.com' });
  const whole = readClientHello(bytes);
  for (let length = 0; length < bytes.length; length += 1) {
    const reading = readClientHello(bytes.subarray(0, length));
    expect(reading.outcome).toBe('incomplete');
    if (reading.outcome === 'incomplete') {
      expect(reading.atLeast).toBeGreaterThan(length);
      expect(reading.atLeast).toBeLessThanOrEqual(bytes.length);
    }
  }
  const message = bytes.subarray(5);
  const records: Buffer[] = [];
  for (let offset = 0; offset < message.length; offset += 100) {
    const part = message.subarray(offset, offset + 100);
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 0xff), part);
  }
  expect(readClientHello(Buffer.concat(records))).toEqual(whole);
});

const of = (text: string): string => readClientHello(Buffer.from(text, 'latin1')).outcome;

test('what is no TLS is told from what is broken TLS', () => {
  expect(of('GET / HTTP/1.1\r\n\r\n')).toBe('not-tls');
  expect(of('\x10\x0c\x00\x04MQTT')).toBe('not-tls');
  expect(of('\x16\x02\x00\x00\x05')).toBe('not-tls');
  expect(of('\x16\x03\x01\x00\x00')).toBe('malformed');
  expect(of('\x16\x03\x01\x00\x04\x01\x00\x00\x00')).toBe('malformed');
});

test('whatever a client sends, reading it ends and never throws', async () => {
  const real = await realClientHello({ servername: 'a.example.com' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readClientHello(Buffer.concat([Buffer.of(22, 3, 1, 0, bytes.length), bytes]));
      readClientHello(
        Buffer.concat([Buffer.of(22, 3, 1, 0, bytes.length + 4, 1, 0, 0, bytes.length), bytes]),
      );
    }),
  );
  fc.assert(
    fc.property(fc.nat(real.length - 1), fc.nat(255), (index, value) => {
      const changed = Buffer.from(real);
      changed[index] = value;
      readClientHello(changed);
    }),
  );
});

const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey,
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  ed25519: generateKeyPairSync('ed25519').publicKey,
};

test.each([
  ['rsa_pss_rsae_sha256', 'TLSv1.3', ['rsa']],
  ['ecdsa_secp256r1_sha256', 'TLSv1.3', ['p256']],
  ['ecdsa_secp256r1_sha256:ed25519', 'TLSv1.3', ['p256', 'ed25519']],
  ['rsa_pkcs1_sha256', 'TLSv1.2', ['rsa']],
  ['ecdsa_secp256r1_sha256', 'TLSv1.2', ['p256', 'p384']],
] as const)('a client with %s in %s can verify %j', async (sigalgs, version, expected) => {
  const hello = await helloOf({ sigalgs, minVersion: version, maxVersion: version });
  const verified = Object.entries(keys).filter(([, key]) => canVerify(hello, key));
  expect(verified.map(([name]) => name)).toEqual(expected);
});

test('the cipher suites of TLS 1.2 decide too', async () => {
  const hello = await helloOf({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
  expect(canVerify(hello, keys.rsa)).toBe(true);
  expect(canVerify(hello, keys.p256)).toBe(false);
});
