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

/** What somebody else said, without the password that he may have quoted. */
export function maskPassword(text: string, { password }: AuthenticatorCredentials): string {
  if (password.length < MIN_MASKED_CHARACTERS) return text;
  const escaped = JSON.stringify(password).slice(1, -1);
  return text.replaceAll(escaped, MASK).replaceAll(password, MASK);
}
