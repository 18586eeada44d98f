import type { OutboundClient } from '@gatehouse/outbound';
import type { AuthenticationTarget, Authenticator } from './authenticator.ts';

/** Whom a gateway asks; nobody (undefined) when its credentials are the imported ones. */
export type AuthenticatorOf = (
  admission: AuthenticationTarget,
  outbound: OutboundClient,
) => Authenticator | undefined;
