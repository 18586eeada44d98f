import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerOfFunction, answerOfHttps, messageOf } from './authenticator-answer.ts';

const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const nobody = { username: 'no', clientCertificate: undefined };
const accepted = (deviceName: string, more: object = {}) => ({
  outcome: 'accepted',
  deviceName,
  permissions: [],
  ...more,
});
const invalid = (words: string) => ({
  outcome: 'failed',
  reason: 'authenticator-answer-invalid',
  message: expect.stringContaining(words),
});

test.each([
  [{ deviceName: 'device_TH' }, accepted('device_TH')],
  [{ deviceName: 'device_TH', extra: { a: 1 }, acl: null, message: 7 }, accepted('device_TH')],
  [{ deviceName: 'device_TH', expiresInSeconds: 60 }, accepted('device_TH', { expiresInSeconds: 60 })],
  [
    { deviceName: 'device_TH', expiresInSeconds: 1e15 },
    accepted('device_TH', { expiresInSeconds: 315_360_000 }),
  ],
  [{}, { outcome: 'refused' }],
  [{ deviceName: '' }, { outcome: 'refused' }],
  [
    { deviceName: null, message: 'the contract has ended' },
    { outcome: 'refused', message: 'the contract has ended' },
  ],
  [{ deviceName: 'a' }, invalid('deviceName must have at least 4 characters')],
  [{ deviceName: 'with space' }, invalid('deviceName may hold letters')],
  [{ deviceName: 'x'.repeat(33) }, invalid('deviceName must have at most 32 characters')],
  [{ deviceName: 7 }, invalid('deviceName')],
  [{ deviceName: 'device_TH', expiresInSeconds: 0 }, invalid('expiresInSeconds')],
  [{ deviceName: 'device_TH', expiresInSeconds: '60' }, invalid('expiresInSeconds')],
  [{ deviceName: 'device_TH', acl: 'all' }, invalid('acl')],
  [{ deviceName: 'device_TH', acl: [{ topic: 'a/#/b', action: 'both', effect: 'allow' }] }, invalid('acl.0')],
  [[], invalid('no JSON object')],
  ['null', invalid('no JSON object')],
  ['', invalid('not JSON')],
  ['<html>', invalid('not JSON')],
])('an HTTPS service that answers %j', (body, answer) => {
  expect(answerOfHttps(bytes(body))).toEqual(answer);
});

test('rules of the answer are passed on in their order', () => {
  const acl = [
    { topic: 'up/${deviceName}/#', action: 'publish', effect: 'allow' },
    { topic: '#', action: 'both', effect: 'deny' },
  ];
  expect(answerOfHttps(bytes({ deviceName: 'pump', acl }))).toEqual(accepted('pump', { permissions: acl }));
});

test.each([
  [{ result: 'true', deviceName: 'device_TH', message: '' }, accepted('device_TH')],
  [{ result: true, deviceName: 'device_TH' }, accepted('device_TH')],
  [JSON.stringify(JSON.stringify({ result: 'true', deviceName: 'device_TH' })), accepted('device_TH')],
  [
    { result: 'false', message: 'unknown', deviceName: 'device_TH' },
    { outcome: 'refused', message: 'unknown' },
  ],
  [{ result: false }, { outcome: 'refused' }],
  [{ result: 'true' }, invalid('deviceName is missing')],
  [{ result: 'true', deviceName: 'a b c d' }, invalid('deviceName')],
  [{ deviceName: 'device_TH' }, invalid('result')],
  [{ result: 'yes', deviceName: 'device_TH' }, invalid('result')],
  [{ result: 1, deviceName: 'device_TH' }, invalid('result')],
])('a function that returns %j', (body, answer) => {
  expect(answerOfFunction(bytes(body), nobody)).toEqual(answer);
});

const certificate = (commonName: string) => ({ commonName, serialNumber: '', issuer: '' });

test('a yes without a name is for the common name, or else for the user name', () => {
  const yes = bytes({ result: 'true', deviceName: '' });
  expect(answerOfFunction(yes, { username: 'user-1', clientCertificate: certificate('CN001') })).toEqual(
    accepted('CN001'),
  );
  expect(
    answerOfFunction(yes, { username: 'user-1', clientCertificate: certificate('no device name') }),
  ).toEqual(accepted('user-1'));
  expect(answerOfFunction(yes, { username: 'user-1', clientCertificate: undefined })).toEqual(
    accepted('user-1'),
  );
});

test('bytes that are no UTF-8 are no answer', () => {
  expect(answerOfHttps(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))).toEqual(invalid('not JSON in UTF-8'));
});

const outcomes = ['accepted', 'refused', 'failed'];

test('whatever bytes come, there is an answer, and only a valid device name is accepted', () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const random = fc.uint8Array().map((array) => Buffer.from(array));
  const nearly = fc
    .record(
      {
        result: fc.oneof(fc.constantFrom('true', 'false', true, false), fc.jsonValue()),
        deviceName: fc.oneof(fc.string(), fc.jsonValue(), fc.stringMatching(/^[\w@.:-]{4,32}$/)),
        acl: fc.jsonValue(),
        expiresInSeconds: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
        message: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map(bytes);
  fc.assert(
    fc.property(fc.oneof(json, random, nearly), fc.string(), (body, username) => {
      for (const answer of [
        answerOfHttps(body),
        answerOfFunction(body, { username, clientCertificate: undefined }),
      ]) {
        expect(outcomes).toContain(answer.outcome);
        if (answer.outcome === 'accepted') expect(answer.deviceName).toMatch(/^[A-Za-z0-9\-_@.:]{4,32}$/);
      }
      expect(typeof messageOf(body)).toMatch(/string|undefined/);
    }),
  );
});

test('an answer with a byte lost or changed is still read without a throw', () => {
  const whole = bytes({ result: 'true', deviceName: 'device_TH', acl: [], expiresInSeconds: 60 });
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole);
      changed[at] = byte;
      expect(outcomes).toContain(answerOfFunction(changed, nobody).outcome);
      expect(outcomes).toContain(answerOfHttps(whole.subarray(0, at)).outcome);
    }),
  );
});
