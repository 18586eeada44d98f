import { isIP } from 'node:net';
import { plainAddress } from './ip-address.ts';

/** One entry of an allow list. Without `port` it means every port; a range never has one. */
export type AllowListEntry =
  | { readonly kind: 'host'; readonly hostname: string; readonly port?: number }
  | { readonly kind: 'address'; readonly address: string; readonly port?: number }
  | { readonly kind: 'range'; readonly network: string; readonly prefix: number };

const RANGE = /^([^/]+)\/(\d{1,3})$/;
/** IPv6 addresses with a port stand in brackets, as in URLs (RFC 3986 §3.2.2). */
const WITH_PORT = /^(\[[^\]]*\]|[^:[\]]*):(\d{1,5})$/;
const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const MAX_PORT = 65_535;

/**
 * @param text in lower case, without spaces around it
 * @throws {RangeError} that quotes what is none
 */
export function allowListEntry(text: string): AllowListEntry {
  const [, place, digits] = WITH_PORT.exec(text) ?? [];
  const entry = placeOf((place ?? text).replace(/^\[(.*)\]$/, '$1'));
  if (entry === undefined || (place !== undefined && entry.kind === 'range')) {
    throw new RangeError(
      `holds ${JSON.stringify(text)}, which is no host name, address, or range such as 10.20.0.0/16; a host name or an address may be followed by a port (auth.internal:8443, [fd00::7]:8443), wildcards are not taken`,
    );
  }
  if (digits === undefined || entry.kind === 'range') return entry;
  const port = Number(digits);
  if (port < 1 || port > MAX_PORT) {
    throw new RangeError(`holds ${JSON.stringify(text)}, whose port is none: 1 to ${MAX_PORT}`);
  }
  return { ...entry, port };
}

/** As the URL standard writes it, so that every form of an address is the same. */
export const canonicalAddress = (address: string): string =>
  isIP(address) === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);

function placeOf(text: string): AllowListEntry | undefined {
  const address = plainAddress(text);
  if (address !== undefined) return { kind: 'address', address: canonicalAddress(address) };
  const [, network = '', digits = ''] = RANGE.exec(text) ?? [];
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1;
  const prefix = Number(digits);
  if (prefix < bits) return { kind: 'range', network, prefix };
  if (prefix === bits) {
    return { kind: 'address', address: canonicalAddress(plainAddress(network) ?? network) };
  }
  const isHostName = HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
  return isHostName ? { kind: 'host', hostname: text } : undefined;
}
