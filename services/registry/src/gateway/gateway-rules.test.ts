import type { OcspMode } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { brokenRules } from './gateway-rules.ts';

const none = { deviceRoot: false, trusted: false };
const pathsOf = (enabled: boolean, ocsp: OcspMode, certificates = none): string[] =>
  brokenRules({ x509: { enabled }, ocsp, certificates }).map(({ path }) => path);
const ROOT = 'certificates.deviceRootCertificate';
const TRUSTED = 'certificates.trustedCertificate';

test.each<[boolean, OcspMode, string[]]>([
  [false, 'disabled', []],
  [false, 'server', [TRUSTED]],
  [false, 'client', ['ocsp']],
  [false, 'client-and-server', ['ocsp', TRUSTED]],
  [true, 'disabled', [ROOT]],
  [true, 'server', [ROOT, TRUSTED]],
  [true, 'client', [ROOT]],
  [true, 'client-and-server', [ROOT, TRUSTED]],
])('without certificates, X.509 %s and OCSP %s lack %j', (enabled, ocsp, paths) => {
  expect(pathsOf(enabled, ocsp)).toEqual(paths);
});

test('each choice takes the certificates that it requires, and no others', () => {
  const both = { deviceRoot: true, trusted: true };
  expect(pathsOf(true, 'client-and-server', both)).toEqual([]);
  expect(pathsOf(true, 'client', both)).toEqual([TRUSTED]);
  expect(pathsOf(false, 'server', both)).toEqual([ROOT]);
  expect(pathsOf(false, 'disabled', both)).toEqual([ROOT, TRUSTED]);
});

test('a part that is not known is not judged', () => {
  expect(brokenRules({ ocsp: 'client' })).toEqual([]);
  expect(brokenRules({ x509: { enabled: true } })).toEqual([]);
});
