import { deviceName, devicePassword, type admitDevice, type RequestOf } from '@gatehouse/contracts';
import type { AuthenticatorCredentials } from '../authenticators/authenticator.ts';

type Submitted = Pick<
  RequestOf<typeof admitDevice>,
  'username' | 'password' | 'clientId' | 'userProperties' | 'clientCertificate'
>;

/**
 * What an authenticator is given of a CONNECT; undefined when it has not the form that authenticators are
 * promised. Only who showed a verified certificate may leave out user name and password: its common name says
 * who it is.
 *
 * @param submitted without a certificate unless the gateway verifies them; `password` in base64
 */
export function submittedCredentials(submitted: Submitted): AuthenticatorCredentials | undefined {
  const { username, clientId, userProperties, clientCertificate } = submitted;
  const password =
    submitted.password === undefined
      ? undefined
      : Buffer.from(submitted.password, 'base64').toString('latin1');
  const hasCertificate = clientCertificate !== undefined;
  if (!isWellFormed(deviceName, username, hasCertificate)) return undefined;
  if (!isWellFormed(devicePassword, password, hasCertificate)) return undefined;
  return {
    username: username ?? '',
    password: password ?? '',
    clientId,
    userProperties,
    ...(hasCertificate ? { clientCertificate } : {}),
  };
}

function isWellFormed(form: typeof deviceName, text: string | undefined, mayBeAbsent: boolean): boolean {
  return text === undefined || text === '' ? mayBeAbsent : form.safeParse(text).success;
}
