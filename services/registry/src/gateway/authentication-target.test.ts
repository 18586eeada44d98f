import type { GatewayAuthentication, GatewayAuthenticationPatch } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { changedAuthentication } from './authentication-target.ts';

const https: GatewayAuthentication = {
  type: 'third-party',
  method: 'https',
  url: 'https://auth.example.com/verify',
  parameters: [{ key: 'tenant', value: 'acme' }],
  caCertificate: 'PEM',
  timeoutMs: 5_000,
  cacheSeconds: 60,
};
const target = {
  provider: 'aliyun-fc',
  endpoint: 'https://fc.example.com',
  service: 'devices',
  function: 'verify',
} as const;
const fc = {
  type: 'third-party',
  method: 'function',
  function: { ...target, accessKeyId: 'id-1' },
} as const satisfies GatewayAuthentication;
const changed = (authentication: unknown) => ({ outcome: 'changed', authentication });
const refusedAt = (...paths: readonly string[]) => ({
  outcome: 'refused',
  errors: paths.map((path) => expect.objectContaining({ path })),
});
const changeOf = (current: GatewayAuthentication, patch: GatewayAuthenticationPatch) =>
  changedAuthentication(current, patch);

test('what a change leaves out stays, and null removes', () => {
  expect(changeOf(https, { timeoutMs: 100 })).toEqual(changed({ ...https, timeoutMs: 100 }));
  const { caCertificate: _removed, ...without } = https;
  expect(changeOf(https, { caCertificate: null })).toEqual(changed(without));
  expect(changeOf(fc, { function: { function: 'check' } })).toEqual(
    changed({ ...fc, function: { ...target, function: 'check', accessKeyId: 'id-1' } }),
  );
});

test('another method starts anew, with all that it requires', () => {
  expect(changeOf(fc, { method: 'https', url: 'https://a.example.com' })).toEqual(
    changed({
      type: 'third-party',
      method: 'https',
      url: 'https://a.example.com',
      parameters: [],
      timeoutMs: 5_000,
      cacheSeconds: 0,
    }),
  );
  expect(changeOf(fc, { method: 'https' })).toEqual(refusedAt('authentication.url'));
  expect(changeOf(https, { method: 'function', function: { ...target } })).toEqual(
    refusedAt('authentication.function.accessKeyId'),
  );
});

test('a role comes to an access key and goes alone', () => {
  const roleArn = 'acs:ram::1234567890:role/gatehouse';
  const stsEndpoint = 'https://sts.example.com';
  const withRole = { ...fc, function: { ...fc.function, roleArn } };
  expect(changeOf(fc, { function: { roleArn } })).toEqual(changed(withRole));
  const key = { accessKeyId: 'id-2', accessKeySecret: 'secret-2' };
  expect(changeOf(withRole, { function: key })).toEqual(
    changed({ ...withRole, function: { ...withRole.function, accessKeyId: 'id-2' } }),
  );
  const elsewhere: GatewayAuthentication = { ...fc, function: { ...withRole.function, stsEndpoint } };
  expect(changeOf(withRole, { function: { ...key, accessKeyId: 'id-1', stsEndpoint } })).toEqual(
    changed(elsewhere),
  );
  expect(changeOf(elsewhere, { function: { roleArn: null, ...key, accessKeyId: 'id-1' } })).toEqual(
    changed(fc),
  );
  expect(
    changeOf(elsewhere, { function: { provider: 'http-function', accessKeySecret: 'secret-2' } }),
  ).toEqual(changed({ ...fc, function: { ...fc.function, provider: 'http-function' } }));
});

test('a role that was stored without an access key asks for one', () => {
  const roleArn = 'acs:ram::1234567890:role/gatehouse';
  const alone: GatewayAuthentication = { ...fc, function: { ...target, roleArn } };
  expect(changeOf(alone, { timeoutMs: 100 })).toEqual(refusedAt('authentication.function.roleArn'));
  const key = { accessKeyId: 'id-1', accessKeySecret: 'secret-1' };
  expect(changeOf(alone, { function: key })).toEqual(
    changed({ ...fc, function: { ...fc.function, roleArn } }),
  );
});

test.each([
  { accessKeyId: 'id-2' },
  { endpoint: 'https://elsewhere.example.com' },
  { provider: 'http-function' as const },
  { roleArn: 'acs:ram::1234567890:role/gatehouse', stsEndpoint: 'https://sts.example.com' },
])('the secret is not kept when %j changes', (patch) => {
  expect(changeOf(fc, { function: patch })).toEqual(refusedAt('authentication.function.accessKeySecret'));
  expect(changeOf(fc, { function: { ...patch, accessKeySecret: 'secret-2' } })).toMatchObject({
    outcome: 'changed',
  });
});

test('what belongs to another type or method is refused', () => {
  expect(changeOf({ type: 'one-way' }, {})).toEqual(changed({ type: 'one-way' }));
  expect(changeOf({ type: 'one-way' }, { url: 'https://a.example.com' })).toEqual(
    refusedAt('authentication.url'),
  );
  expect(changeOf({ type: 'one-way' }, { type: 'third-party' })).toEqual(refusedAt('authentication.type'));
  expect(changeOf(https, { type: 'one-way' })).toEqual(refusedAt('authentication.type'));
  expect(changeOf(fc, { url: 'https://a.example.com' })).toEqual(refusedAt('authentication'));
});
