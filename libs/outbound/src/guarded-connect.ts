import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import type { ResolveName } from './name-look-ups.ts';
import { bareHostname, type OutboundPolicy, type UrlScope } from './outbound-policy.ts';

/** A TCP and TLS handshake that takes longer is given up, whatever limit the request has. */
const CONNECT_TIMEOUT_MS = 5_000;

export interface ConnectSettings {
  readonly resolve: ResolveName;
  readonly secureContext: SecureContext | undefined;
  readonly scope: UrlScope;
}

type RefusalOf = (address: string) => Error | undefined;

/**
 * Connections of one origin. Each new one passes the policy with the address that it goes to: a name that
 * points elsewhere since it was last looked up is judged again.
 */
export function guardedConnect(
  url: URL,
  policy: OutboundPolicy,
  { resolve, secureContext, scope }: ConnectSettings,
): buildConnector.connector {
  const refusalOf: RefusalOf = (address) => policy.refusalOf(url, address, scope);
  const connect = buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    // Explicit, as it outranks NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    lookup: guardedLookup(refusalOf, resolve),
    ...(secureContext === undefined ? {} : { secureContext }),
  });
  return (options, callback) => {
    // Addresses in the URL are connected to without a look-up.
    const hostname = bareHostname(url);
    const refusal = isIP(hostname) === 0 ? undefined : refusalOf(hostname);
    if (refusal !== undefined) return callback(refusal, null);
    connect({ ...options, hostname }, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const peer = refusalOf(socket.remoteAddress ?? '');
      if (peer === undefined) return callback(null, socket);
      socket.destroy();
      return callback(peer, null);
    });
  };
}

function guardedLookup(refusalOf: RefusalOf, resolve: ResolveName): LookupFunction {
  const allowedOf = async (hostname: string): Promise<LookupAddress[] | Error> => {
    try {
      const addresses = await resolve(hostname);
      const allowed = addresses.filter(({ address }) => refusalOf(address) === undefined);
      if (allowed.length > 0) return allowed;
      return refusalOf(addresses[0]?.address ?? '') ?? new Error(`${hostname} has no address`);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const answer = async (...[hostname, options, callback]: Parameters<LookupFunction>): Promise<void> => {
    const allowed = await allowedOf(hostname);
    if (allowed instanceof Error) return callback(allowed, '');
    const [first] = allowed;
    if (options.all === true || first === undefined) callback(null, allowed);
    else callback(null, first.address, first.family);
  };
  return (...asked) => void answer(...asked);
}
