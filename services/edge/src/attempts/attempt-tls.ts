import type { TLSSocket } from 'node:tls';
import type { ConnectionAttempt } from '@gatehouse/contracts';

export type AttemptTls = NonNullable<ConnectionAttempt['tls']>;

/** A server name is client's bytes; RFC 1035 §2.3.4 has 255 octets. */
const MAX_SERVER_NAME = 255;

/** Versions and ciphers are few, connections are many: one copy of each word. */
const words = new Map<string, string>();

/**
 * What was agreed in a handshake, or as much of it as there is.
 *
 * @param failure of the handshake; null when it went well
 */
export function attemptTls(socket: TLSSocket, failure: string | null): AttemptTls {
  // Both are there only while the socket is; Node's types do not say so.
  const cipher = socket.getCipher() as { readonly standardName?: string } | undefined;
  const { servername } = socket as TLSSocket & { readonly servername?: string | false | null };
  return {
    version: failure === null ? interned(socket.getProtocol()) : null,
    cipher: failure === null ? interned(cipher?.standardName ?? null) : null,
    serverName: typeof servername === 'string' ? servername.slice(0, MAX_SERVER_NAME) : null,
    isResumed: failure === null && socket.isSessionReused(),
    failure,
  };
}

/** Of a handshake that ended before there was a TLS socket. */
export function failedAttemptTls(failure: string, serverName: string | null): AttemptTls {
  return {
    version: null,
    cipher: null,
    serverName: serverName?.slice(0, MAX_SERVER_NAME) ?? null,
    isResumed: false,
    failure,
  };
}

function interned(word: string | null): string | null {
  if (word === null) return null;
  const known = words.get(word);
  if (known !== undefined) return known;
  words.set(word, word);
  return word;
}
