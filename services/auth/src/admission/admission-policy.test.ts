import { expect, test } from 'vitest';
import { admissionOf } from './admission-policy.ts';

const pump = { outcome: 'verified', productKey: 'a1b2', deviceName: 'pump', isDisabled: false } as const;

test('a verified device is admitted under its own name, without an expiry', () => {
  expect(admissionOf(pump)).toEqual({
    outcome: 'admitted',
    productKey: 'a1b2',
    deviceName: 'pump',
    expiresAt: null,
    permissions: [],
    steps: [],
  });
});

test('a verified device that is disabled is refused with that reason', () => {
  expect(admissionOf({ ...pump, isDisabled: true })).toEqual({
    outcome: 'refused',
    reason: 'device-disabled',
    steps: [],
  });
});

test.each([
  'malformed-credentials',
  'unknown-device',
  'wrong-password',
  'unknown-gateway',
  'authenticator-unavailable',
] as const)('%s is refused with that reason', (reason) => {
  expect(admissionOf({ outcome: 'rejected', reason })).toEqual({
    outcome: 'refused',
    reason,
    steps: [],
  });
});
