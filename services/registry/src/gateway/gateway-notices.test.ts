import { DEFAULT_GATEWAY_LIMITS } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { canAdmit, noticesOf } from './gateway-notices.ts';

const plain = {
  authentication: { type: 'one-way' },
  x509: { enabled: false, commonNameMustEqualUsername: false },
  ocsp: 'disabled',
  topicSpace: 'isolated',
  limits: DEFAULT_GATEWAY_LIMITS,
} as const;
const thirdParty = {
  type: 'third-party',
  method: 'function',
  function: { provider: 'http-function', endpoint: 'https://fn.example.com' },
} as const;
const codesOf = (more: Partial<Parameters<typeof noticesOf>[0]>): string[] =>
  noticesOf({ ...plain, ...more }).map(({ code }) => code);

test('a gateway that does all that it says has no notices, and admits devices', () => {
  expect(codesOf({})).toEqual([]);
  expect(canAdmit(plain)).toBe(true);
});

test('every setting that this version only keeps is told', () => {
  expect(
    codesOf({
      authentication: thirdParty,
      x509: { enabled: true, commonNameMustEqualUsername: false },
      ocsp: 'client-and-server',
      topicSpace: 'shared',
      limits: { ...DEFAULT_GATEWAY_LIMITS, keepAlive: { minSeconds: 30, maxSeconds: 1_200 } },
    }),
  ).toEqual([
    'third-party-authentication-not-served',
    'client-certificates-not-verified',
    'client-ocsp-not-checked',
    'ocsp-stapling-not-served',
    'shared-topic-space-not-served',
    'limits-not-enforced',
  ]);
});

test('nobody is admitted while what the gateway asks for is not checked', () => {
  expect(canAdmit({ ...plain, authentication: thirdParty })).toBe(false);
  expect(canAdmit({ ...plain, x509: { enabled: true, commonNameMustEqualUsername: false } })).toBe(false);
});
