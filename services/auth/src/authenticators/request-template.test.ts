import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthenticatorCredentials } from './authenticator.ts';
import { filled, maskPassword, withoutPassword } from './request-template.ts';

const pump: AuthenticatorCredentials = {
  username: 'pump',
  password: 'hunter22',
  clientId: 'client-7',
  userProperties: [
    ['tenant', 'first'],
    ['tenant', 'second'],
    ['a.b', 'dotted'],
    ['empty', ''],
  ],
  clientCertificate: { commonName: 'CN001', serialNumber: '0a1b', issuer: 'CN=Device CA,O=Example' },
};

test.each([
  ['${username}', 'pump'],
  ['${password}', 'hunter22'],
  ['id-${clientId}/${username}', 'id-client-7/pump'],
  ['${cert.cn} ${cert.serial} ${cert.issuer}', 'CN001 0a1b CN=Device CA,O=Example'],
  ['${userProperties.tenant}', 'first'],
  ['${userProperties.a.b}', 'dotted'],
  ['<${userProperties.empty}${userProperties.absent}>', '<>'],
  ['${nothing}', ''],
  ['$username {username} $${username}', '$username {username} $pump'],
  ['constant', 'constant'],
])('%s becomes %s', (template, text) => {
  expect(filled(template, pump)).toBe(text);
});

test('what the device did not send becomes empty', () => {
  const bare = { username: '', password: '', clientId: '', userProperties: [] };
  const all = '${username}${password}${clientId}${cert.cn}${cert.serial}${cert.issuer}${userProperties.x}';
  expect(filled(`<${all}>`, bare)).toBe('<>');
});

const anyText = fc.string({ unit: 'grapheme' });
const awkward = fc.oneof(
  anyText,
  fc.constantFrom('${password}', '$&', '$1', '${userProperties.x}', '"', '\\', '\u0000'),
);

test('values are put in as they are: variables and patterns in them stay text', () => {
  fc.assert(
    fc.property(awkward, awkward, awkward, (username, clientId, tenant) => {
      const device = { ...pump, username, clientId, userProperties: [['x', tenant]] as const };
      expect(filled('a${username}b${clientId}c${userProperties.x}d', device)).toBe(
        `a${username}b${clientId}c${tenant}d`,
      );
    }),
  );
});

test('a text without variables stays as it is, whatever it holds', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      fc.pre(!text.includes('${'));
      expect(filled(text, pump)).toBe(text);
    }),
  );
});

test('filled in for people, no text holds the password', () => {
  const shown = withoutPassword(pump);
  expect(filled('${username}:${password}', shown)).toBe('pump:***');
  expect(withoutPassword({ ...pump, password: '' }).password).toBe('');
});

test('a password that somebody quotes is masked, also as JSON has it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), (password, around) => {
      const masked = maskPassword(`${around} ${password} ${JSON.stringify({ password })}`, {
        ...pump,
        password,
      });
      fc.pre(!around.includes(password) && !'*** {"password":"***"}'.includes(password));
      expect(masked).not.toContain(` ${password} `);
      expect(masked).toContain('***');
    }),
  );
});

const encoded = (text: string) => [
  Buffer.from(text).toString('base64'),
  Buffer.from(text).toString('base64url'),
  encodeURIComponent(text),
  encodeURIComponent(text).toLowerCase(),
];

test('a password that somebody quotes is masked in base64 and as a URL has it', () => {
  const form = fc.stringMatching(/^[a-z0-9@.:_-]{4,32}$/);
  fc.assert(
    fc.property(form, fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), (password, before, after) => {
      for (const quote of [
        ...encoded(password),
        ...encoded(`${before.toWellFormed()}${password}${after.toWellFormed()}`),
      ]) {
        expect(maskPassword(quote, { password })).toContain('***');
      }
      for (const quote of encoded(password)) expect(maskPassword(`"${quote}"`, { password })).toBe('"***"');
    }),
  );
});

test('what quotes a password too short to be found is not shown at all; without one, all is', () => {
  for (const password of ['a', 'ab', 'abc']) {
    expect(maskPassword(`wrong password ${password}`, { password })).toMatch(/^\(not shown: /);
  }
  expect(maskPassword('wrong', { password: '' })).toBe('wrong');
});
