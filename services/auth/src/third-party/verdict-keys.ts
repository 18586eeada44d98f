import { createHmac, randomBytes } from 'node:crypto';
import type { GatewayAdmission } from '@gatehouse/contracts';
import type { AuthenticatorCredentials } from '../authenticators/authenticator.ts';

const USER_PROPERTY = /\$\{userProperties\.([^{}]+)\}/g;

/**
 * Names a question to an authenticator by all that its answer could depend on. Two questions that differ in
 * anything that is sent have different keys; who reads the memory of this process finds no password in them, as
 * they are HMACs under a secret that lives and dies with it.
 */
export class VerdictKeys {
  readonly #secret = randomBytes(32);

  of(
    {
      gatewayId,
      version,
      authentication,
    }: Pick<GatewayAdmission, 'gatewayId' | 'version' | 'authentication'>,
    credentials: AuthenticatorCredentials,
    fingerprint: string | undefined,
  ): string {
    const { username, password, clientId, userProperties, clientCertificate } = credentials;
    const certificate =
      clientCertificate === undefined
        ? null
        : [
            clientCertificate.commonName,
            clientCertificate.serialNumber,
            clientCertificate.issuer,
            fingerprint,
          ];
    const used = usedProperties(authentication).map((name) => valueOf(userProperties, name));
    // JSON keeps the parts apart whatever they hold.
    const question = JSON.stringify([gatewayId, version, username, password, clientId, certificate, used]);
    return createHmac('sha256', this.#secret).update(question).digest('base64url');
  }
}

/** Names of the user properties that a gateway's parameters hand on; its version says which they are. */
function usedProperties(authentication: GatewayAdmission['authentication']): string[] {
  if (authentication.type !== 'third-party' || authentication.method !== 'https') return [];
  return authentication.parameters.flatMap(({ value }) =>
    Array.from(value.matchAll(USER_PROPERTY), ([, name]) => name ?? ''),
  );
}

/** The first of that name is the one that is sent. */
function valueOf(properties: AuthenticatorCredentials['userProperties'], name: string): string {
  return properties.find(([each]) => each === name)?.[1] ?? '';
}
