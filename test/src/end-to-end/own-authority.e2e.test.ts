import { afterAll, beforeAll, expect, test } from 'vitest';
import { answersLasting, OwnAuthority } from '../own-authority.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const DEVICE = 'meter-1';
/** A revocation is noticed after that. */
const LIFETIME_SECONDS = 5;

let gatehouse: RunningGatehouse;
let authority: OwnAuthority;
let serialNumber: string;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({ environment: answersLasting(LIFETIME_SECONDS) });
  authority = await OwnAuthority.create(gatehouse);
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

/** What `openssl ocsp` says of the device. */
async function status(): Promise<string> {
  const url = String(authority.answer['ocspUrl']);
  const ask = ['-issuer', 'ca.pem', '-cert', `${DEVICE}.pem`, '-CAfile', 'ca.pem', '-url', url];
  const { stdout, stderr } = await authority.openssl('ocsp', ...ask);
  expect(stdout + stderr).toContain('Response verify OK');
  return stdout;
}

test('requests of openssl become certificates that openssl verifies', async () => {
  serialNumber = await authority.signDevice(DEVICE);
  await authority.signServer('-newkey', 'rsa:2048');
  const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose'];
  expect((await authority.openssl(...verify, 'sslclient', `${DEVICE}.pem`)).stdout).toContain('OK');
  expect((await authority.openssl(...verify, 'sslserver', 'server.pem')).stdout).toContain('OK');
  expect(await status()).toContain(`${DEVICE}.pem: good`);
});

test('a device with such a certificate connects, and is off soon after it is revoked', async () => {
  const { gatewayId, port } = await authority.openGateway([DEVICE]);
  const client = await authority.connect(DEVICE, port);
  await client.publishAsync('up/temperature', '21.5', { qos: 1 });
  const disconnected = new Promise<number | undefined>((resolve) => {
    client.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
  });

  expect((await gatehouse.api('DELETE', authority.path)).body).toMatchObject({
    code: 'REGISTRY_AUTHORITY_IN_USE',
    detail: expect.stringContaining(gatewayId),
  });
  await authority.revoke(serialNumber, 'keyCompromise');
  expect(await status()).toMatch(/meter-1\.pem: revoked[^]*keyCompromise/);
  const revokedAt = performance.now();
  expect(await disconnected).toBe(0x87);
  // Some more than the lifetime of the answer, for a machine that has much to do.
  expect(performance.now() - revokedAt).toBeLessThan((LIFETIME_SECONDS + 10) * 1_000);
  await expect(authority.connect(DEVICE, port)).rejects.toThrow(/not authorized/i);
});
