import { expect, test } from 'vitest';
import { admissionOf, certificateOf, certificateProblem } from './admission-policy.ts';

const steps = [{ name: 'password', outcome: 'match', milliseconds: 1 }];
const pump = {
  outcome: 'verified',
  credentialVersion: 7,
  productKey: 'a1b2',
  deviceName: 'pump',
  isDisabled: false,
  expiresAt: null,
  permissions: [],
} as const;

test('a verified device is admitted under its own name, without an expiry', () => {
  expect(admissionOf({ ...pump, permissions: [] }, steps)).toEqual({
    outcome: 'admitted',
    productKey: 'a1b2',
    deviceName: 'pump',
    credentialVersion: 7,
    expiresAt: null,
    permissions: [],
    steps,
  });
});

test('a verified device that is disabled is refused with that reason', () => {
  expect(admissionOf({ ...pump, permissions: [], isDisabled: true }, steps)).toEqual({
    outcome: 'refused',
    reason: 'device-disabled',
    steps,
  });
});

test.each([
  'malformed-credentials',
  'unknown-device',
  'wrong-password',
  'unknown-gateway',
  'authenticator-unavailable',
] as const)('%s is refused with that reason', (reason) => {
  expect(admissionOf({ outcome: 'rejected', reason }, steps)).toEqual({
    outcome: 'refused',
    reason,
    steps,
  });
});

test('how long a verdict holds and what it allows is handed on', () => {
  const permissions = [{ topic: 'up/#', action: 'publish', effect: 'allow' } as const];
  const expiresAt = new Date('2030-01-02T03:04:05.000Z');
  expect(admissionOf({ ...pump, expiresAt, permissions }, steps)).toMatchObject({
    expiresAt: '2030-01-02T03:04:05.000Z',
    permissions,
  });
});

const connect = {
  gatewayId: 'gw-1',
  gatewayVersion: 0,
  clientId: 'c1',
  protocolVersion: 4 as const,
  remoteAddress: '127.0.0.1',
  userProperties: [],
  username: 'pump',
};
const clientCertificate = { commonName: 'pump', serialNumber: '0a', issuer: 'CN=CA', fingerprint: 'ff' };
const x509 = (enabled: boolean, commonNameMustEqualUsername = false) => ({
  x509: { enabled, commonNameMustEqualUsername },
});

test('a certificate says nothing at a gateway that verifies none', () => {
  expect(certificateOf({ ...connect, clientCertificate }, x509(false))).toBeUndefined();
  expect(certificateOf({ ...connect, clientCertificate }, x509(true))).toBe(clientCertificate);
  expect(certificateProblem({ ...connect, clientCertificate }, x509(false, true))).toBeUndefined();
});

test.each([
  [undefined, false, 'malformed-credentials'],
  [undefined, true, 'malformed-credentials'],
  ['pump', true, undefined],
  ['drill', true, 'common-name-mismatch'],
  ['Pump', true, 'common-name-mismatch'],
  ['drill', false, undefined],
])('user name pump, certificate of %s, must be equal: %s: %s', (commonName, mustEqual, problem) => {
  const request =
    commonName === undefined
      ? connect
      : { ...connect, clientCertificate: { ...clientCertificate, commonName } };
  expect(certificateProblem(request, x509(true, mustEqual))).toBe(problem);
});
