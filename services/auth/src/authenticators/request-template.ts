import type { AuthenticatorCredentials } from './authenticator.ts';

const VARIABLE = /\$\{([^{}]*)\}/g;
const USER_PROPERTY = 'userProperties.';
const MASK = '***';

/**
 * A parameter's value with its variables replaced by what the device sent; what it did not send becomes empty.
 * Values are put in as they are: a `${…}` in one of them stays text.
 */
export function filled(template: string, credentials: AuthenticatorCredentials): string {
  return template.replaceAll(VARIABLE, (_variable, name: string) => valueOf(name, credentials));
}

function valueOf(name: string, credentials: AuthenticatorCredentials): string {
  const { username, password, clientId, clientCertificate, userProperties } = credentials;
  switch (name) {
    case 'username':
      return username;
    case 'password':
      return password;
    case 'clientId':
      return clientId;
    case 'cert.cn':
      return clientCertificate?.commonName ?? '';
    case 'cert.serial':
      return clientCertificate?.serialNumber ?? '';
    case 'cert.issuer':
      return clientCertificate?.issuer ?? '';
    default: {
      if (!name.startsWith(USER_PROPERTY)) return '';
      const wanted = name.slice(USER_PROPERTY.length);
      return userProperties.find(([property]) => property === wanted)?.[1] ?? '';
    }
  }
}

/** For people's eyes: filled in with these, no text holds the password. */
export function withoutPassword(credentials: AuthenticatorCredentials): AuthenticatorCredentials {
  return { ...credentials, password: credentials.password === '' ? '' : MASK };
}

/** A shorter one stands in too many words that mean something else. */
const MIN_MASKED_CHARACTERS = 4;
const BASE64 = '[A-Za-z0-9+/_-]';
const NOT_SHOWN = '(not shown: a password of fewer than 4 characters cannot be masked in it)';

/** Whether the password can be found in what somebody says. */
export function isMaskable({ password }: Pick<AuthenticatorCredentials, 'password'>): boolean {
  return password.length >= MIN_MASKED_CHARACTERS;
}

/**
 * What somebody else said, without the password that he may have quoted: as it is, as JSON or a URL has it, or
 * in base64, also as a part of something longer. Where the password is too short to be found, nothing of it.
 */
export function maskPassword(text: string, { password }: Pick<AuthenticatorCredentials, 'password'>): string {
  if (password === '' || text === '') return text;
  if (!isMaskable({ password })) return NOT_SHOWN;
  return text.replaceAll(quotesOf(password), MASK);
}

function quotesOf(password: string): RegExp {
  const escaped = JSON.stringify(password).slice(1, -1);
  const byUrl = Array.from(password, (character) => {
    // Either case of the hexadecimal digits.
    const inHex = Buffer.from(character)
      .toString('hex')
      .replaceAll(/../g, '%$&')
      .replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    const asIs = literally(character);
    return character === ' ' ? `(?:${inHex}|\\+| )` : `(?:${inHex}|${asIs})`;
  });
  const alternatives = [literally(escaped), byUrl.join(''), ...[0, 1, 2].map((at) => inBase64(password, at))];
  return new RegExp(alternatives.join('|'), 'g');
}

/** As a regular expression has it. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** @param bytesBefore of something else in the group of three bytes that the password begins in */
function inBase64(password: string, bytesBefore: number): string {
  const bytes = Buffer.concat([Buffer.alloc(bytesBefore), Buffer.from(password)]);
  // Those that hold nothing but bits of the password; beside them stand at most one before and one behind.
  const own = bytes
    .toString('base64url')
    .slice(Math.ceil((bytesBefore * 8) / 6), Math.floor((bytes.length * 8) / 6));
  const eitherAlphabet = own.replaceAll('-', '[-+]').replaceAll('_', '[_/]');
  const before = bytesBefore === 0 ? '' : BASE64;
  const after = bytes.length % 3 === 0 ? '' : `${BASE64}?`;
  return `${before}${eitherAlphabet}${after}(?:=|%3[Dd]){0,2}`;
}
