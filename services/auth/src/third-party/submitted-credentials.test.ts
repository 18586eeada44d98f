import { expect, test } from 'vitest';
import { submittedCredentials } from './submitted-credentials.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const clientCertificate = { commonName: 'CN001', serialNumber: '0a', issuer: 'CN=CA', fingerprint: 'ff' };
const connect = { clientId: 'c1', userProperties: [] };

test('what the client sent is handed on as text', () => {
  expect(submittedCredentials({ ...connect, username: 'UN001', password: base64('PW001') })).toEqual({
    ...connect,
    username: 'UN001',
    password: 'PW001',
  });
});

test('with a verified certificate user name and password may be missing', () => {
  expect(submittedCredentials({ ...connect, clientCertificate })).toMatchObject({
    username: '',
    password: '',
    clientCertificate: { commonName: 'CN001' },
  });
  expect(submittedCredentials(connect)).toBeUndefined();
});

test.each([
  ['UN001', undefined],
  [undefined, 'PW001'],
  ['UN0', 'PW001'],
  ['UN 001', 'PW001'],
  ['UN001', ''],
  ['UN001', 'p'.repeat(33)],
  ['UN001', 'é'],
  ['UN001', '\u0000'],
])('user name %j with password %j is malformed without a certificate', (username, password) => {
  expect(
    submittedCredentials({
      ...connect,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: base64(password) }),
    }),
  ).toBeUndefined();
});

test('a certificate excuses no malformed user name or password', () => {
  expect(submittedCredentials({ ...connect, clientCertificate, username: 'UN 001' })).toBeUndefined();
  expect(submittedCredentials({ ...connect, clientCertificate, password: base64('é') })).toBeUndefined();
});
