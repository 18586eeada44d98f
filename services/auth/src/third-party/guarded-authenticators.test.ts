import type { GatewayAdmission } from '@gatehouse/contracts';
import { createLogger } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { readAuthConfig } from '../auth.config.ts';
import { AuthMetrics } from '../observability/auth-metrics.ts';
import { thirdPartyGateway } from '../testing/authenticator-server.ts';
import { UnusableAuthenticator } from '../authenticators/unusable-authenticator.ts';
import { GuardedAuthenticators } from './guarded-authenticators.ts';

const newAuthenticators = () =>
  new GuardedAuthenticators(
    () => new UnusableAuthenticator('a test'),
    readAuthConfig({}),
    new AuthMetrics(),
    createLogger('auth', 'silent'),
  );
const gateway = (version: number, url = 'https://a.example/'): GatewayAdmission => ({
  ...thirdPartyGateway('gw-1', url),
  version,
});

test('the target is not looked at again while the version of the gateway is the same', () => {
  const authenticators = newAuthenticators();
  let looks = 0;
  const watched = Object.defineProperty(gateway(1), 'authentication', {
    get() {
      looks += 1;
      return gateway(1).authentication;
    },
  });
  const first = authenticators.of(watched);
  const looksOfFirst = looks;
  expect(authenticators.of(watched)).toBe(first);
  expect(looks).toBe(looksOfFirst);
});

test('a new version has the same authenticator, unless its target is another', () => {
  const authenticators = newAuthenticators();
  const first = authenticators.of(gateway(1));
  expect(authenticators.of(gateway(2))).toBe(first);
  expect(authenticators.of(gateway(3, 'https://b.example/'))).not.toBe(first);
});
