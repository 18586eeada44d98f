import { isIPv4 } from 'node:net';

const MAPPED = '::ffff:';

/**
 * Whom an address belongs to, as far as it says: an IPv4 address itself, of IPv6 the /64, since one
 * subscriber has all of it (RFC 6177).
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith(MAPPED) && isIPv4(address.slice(MAPPED.length))) return address.slice(MAPPED.length);
  const [before = '', after] = address.split('%', 1)[0]?.split('::') ?? [];
  const leading = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const trailing = after === '' ? 0 : after.split(':').length;
    while (leading.length + trailing < 8) leading.push('0');
  }
  return leading.slice(0, 4).join(':');
}
