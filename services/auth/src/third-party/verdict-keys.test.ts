import type { GatewayAdmission } from '@gatehouse/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthenticatorCredentials } from '../authenticators/authenticator.ts';
import { VerdictKeys } from './verdict-keys.ts';

const NAMES = ['tenant', 'site', 'constructor'];

interface Question {
  readonly gatewayId: string;
  readonly version: number;
  readonly parameters: readonly string[];
  readonly credentials: AuthenticatorCredentials;
  readonly fingerprint: string | undefined;
}

// Few and treacherous texts, so that questions that nearly agree come often.
const text = fc.constantFrom('', 'a', 'b', 'ab', 'a"', '","', '\\', 'null', '\n', '\ud800', 'é', 'a\u0000');
const property = fc.tuple(fc.constantFrom(...NAMES, 'unused'), text);
const question: fc.Arbitrary<Question> = fc.record({
  gatewayId: fc.constantFrom('gw-1', 'gw-2'),
  version: fc.integer({ min: 1, max: 2 }),
  parameters: fc.subarray(NAMES),
  credentials: fc.record({
    username: text,
    password: text,
    clientId: text,
    userProperties: fc.array(property, { maxLength: 3 }),
    clientCertificate: fc.option(fc.record({ commonName: text, serialNumber: text, issuer: text }), {
      nil: undefined,
    }),
  }),
  fingerprint: fc.constantFrom(undefined, 'ff', '00'),
});

/** All that an authenticator could see of a question, as the HTTPS contract sends it. */
function sent({ gatewayId, version, parameters, credentials }: Question): unknown {
  const { username, password, clientId, userProperties, clientCertificate } = credentials;
  const used = parameters.map((name) => userProperties.find(([each]) => each === name)?.[1] ?? '');
  return { gatewayId, version, username, password, clientId, clientCertificate, used };
}

function gateway({ gatewayId, version, parameters }: Question) {
  const authentication: GatewayAdmission['authentication'] = {
    type: 'third-party',
    method: 'https',
    url: 'https://localhost',
    parameters: parameters.map((name) => ({ key: name, value: `x-\${userProperties.${name}}` })),
    timeoutMs: 1_000,
    cacheSeconds: 60,
  };
  return { gatewayId, version, authentication };
}

test('two questions that differ in anything that is sent never share a key', () => {
  const keys = new VerdictKeys();
  const keyOf = (each: Question) => keys.of(gateway(each), each.credentials, each.fingerprint);
  fc.assert(
    fc.property(question, question, (one, other) => {
      // A gateway's version says what its parameters are.
      fc.pre(
        one.gatewayId !== other.gatewayId ||
          one.version !== other.version ||
          one.parameters.join() === other.parameters.join(),
      );
      const isSame = JSON.stringify(sent(one)) === JSON.stringify(sent(other));
      if (!isSame) expect(keyOf(one)).not.toBe(keyOf(other));
    }),
    { numRuns: 5_000 },
  );
});

test('one thing changed in a question changes its key', () => {
  const keys = new VerdictKeys();
  fc.assert(
    fc.property(question, (one) => {
      const key = keys.of(gateway(one), one.credentials, 'ff');
      const { credentials } = one;
      const certificate = { commonName: 'cn', serialNumber: '01', issuer: 'CN=CA' };
      const others: [AuthenticatorCredentials, string][] = [
        [{ ...credentials, username: `${credentials.username}a` }, 'ff'],
        [{ ...credentials, password: `${credentials.password}a` }, 'ff'],
        [{ ...credentials, clientId: `${credentials.clientId}a` }, 'ff'],
        [{ ...credentials, clientCertificate: certificate }, 'ff'],
      ];
      for (const [changed, fingerprint] of others) {
        expect(keys.of(gateway(one), changed, fingerprint)).not.toBe(key);
      }
    }),
  );
});

test('the same question has the same key, whatever user properties nobody asked for', () => {
  const keys = new VerdictKeys();
  fc.assert(
    fc.property(question, text, (one, extra) => {
      const { credentials } = one;
      const userProperties = [...credentials.userProperties, ['unused', extra] as [string, string]];
      expect(keys.of(gateway(one), { ...credentials, userProperties }, one.fingerprint)).toBe(
        keys.of(gateway(one), credentials, one.fingerprint),
      );
    }),
  );
});

test('a certificate of the same names and another key is another one', () => {
  const keys = new VerdictKeys();
  const credentials: AuthenticatorCredentials = {
    username: 'pump',
    password: 'secret',
    clientId: 'c1',
    userProperties: [],
    clientCertificate: { commonName: 'pump', serialNumber: '01', issuer: 'CN=CA' },
  };
  const target = gateway({ gatewayId: 'g', version: 1, parameters: [], credentials, fingerprint: 'ff' });
  expect(keys.of(target, credentials, 'ff')).not.toBe(keys.of(target, credentials, '00'));
});

test('another process has other keys, and none shows the password', () => {
  const credentials = { username: 'pump', password: 'secret', clientId: 'c1', userProperties: [] };
  const target = gateway({ gatewayId: 'g', version: 1, parameters: [], credentials, fingerprint: undefined });
  const key = new VerdictKeys().of(target, credentials, undefined);
  expect(new VerdictKeys().of(target, credentials, undefined)).not.toBe(key);
  expect(key).not.toContain('secret');
});
