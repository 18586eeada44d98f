import { BlockList, isIP } from 'node:net';

/** What kind of place an address belongs to; only `public` ones are anybody's. */
export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  | 'private'
  | 'metadata'
  | 'multicast'
  | 'reserved';

/**
 * An address as the range tables know it: IPv6 without zone, an IPv4-mapped one (`::ffff:10.0.0.1`) as the IPv4
 * address that the operating system makes of it. Undefined for what is no address.
 */
export function plainAddress(text: string): string | undefined {
  const [address = ''] = text.split('%');
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return undefined;
  const bytes = bytesOfIpv6(address);
  return startsWith(bytes, MAPPED_PREFIX) ? ipv4Of(bytes, 12) : address;
}

/** IANA's special-purpose registries (RFC 6890, as of RFC 9637); what cannot be an address is `reserved`. */
export function kindOfAddress(text: string): AddressKind {
  const address = plainAddress(text);
  if (address === undefined) return 'reserved';
  if (isIP(address) === 4) return kindOfIpv4(address);
  for (const [kind, list] of IPV6_KINDS) if (list.check(address, 'ipv6')) return kind;
  const bytes = bytesOfIpv6(address);
  // Whoever translates these delivers to the IPv4 address inside: RFC 6052 §2.1, RFC 3056 §2.
  if (startsWith(bytes, NAT64_PREFIX)) return kindOfIpv4(ipv4Of(bytes, 12));
  if (startsWith(bytes, SIX_TO_FOUR_PREFIX)) return kindOfIpv4(ipv4Of(bytes, 2));
  return GLOBAL_UNICAST.check(address, 'ipv6') ? 'public' : 'reserved';
}

function kindOfIpv4(address: string): AddressKind {
  for (const [kind, list] of IPV4_KINDS) if (list.check(address, 'ipv4')) return kind;
  return 'public';
}

type KindTable = readonly (readonly [AddressKind, BlockList])[];

const kinds = (family: 'ipv4' | 'ipv6', ranges: readonly [AddressKind, ...string[]][]): KindTable =>
  ranges.map(([kind, ...subnets]) => [kind, blockListOf(family, subnets)]);

function blockListOf(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', prefix = ''] = subnet.split('/');
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
}

/** The first that matches counts: the metadata addresses lie in ranges of other kinds. */
const IPV4_KINDS = kinds('ipv4', [
  // Of AWS, Azure, Google, Oracle and most others; of Alibaba Cloud; of Oracle Cloud and of AWS's containers;
  // and Azure's WireServer, which answers from an address that is public anywhere else.
  [
    'metadata',
    '169.254.169.254/32',
    '100.100.100.200/32',
    '192.0.0.192/32',
    '169.254.170.2/32',
    '169.254.170.23/32',
    '168.63.129.16/32',
  ],
  ['unspecified', '0.0.0.0/8'],
  ['loopback', '127.0.0.0/8'],
  ['link-local', '169.254.0.0/16'],
  // RFC 1918; RFC 6598 (carrier-grade NAT).
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ['multicast', '224.0.0.0/4'],
  [
    'reserved',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '240.0.0.0/4',
  ],
]);

const IPV6_KINDS = kinds('ipv6', [
  ['metadata', 'fd00:ec2::254/128', 'fd00:ec2::23/128', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128'],
  ['unspecified', '::/128'],
  ['loopback', '::1/128'],
  // fec0::/10 are the site-local addresses of old (RFC 3879).
  ['link-local', 'fe80::/10'],
  ['private', 'fc00::/7', 'fec0::/10'],
  ['multicast', 'ff00::/8'],
  // Teredo, ORCHID, benchmarks and the rest of 2001::/23; documentation.
  ['reserved', '2001::/23', '2001:db8::/32', '3fff::/20'],
]);
const GLOBAL_UNICAST = blockListOf('ipv6', ['2000::/3']);

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const NAT64_PREFIX = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const SIX_TO_FOUR_PREFIX = [0x20, 0x02];

function bytesOfIpv6(address: string): readonly number[] {
  // The URL standard writes every form in one way: hexadecimal groups, the longest run of zeros as `::`.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const first = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const zeros = Array<number>(8 - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));

const startsWith = (bytes: readonly number[], prefix: readonly number[]): boolean =>
  prefix.every((byte, index) => bytes[index] === byte);

const ipv4Of = (bytes: readonly number[], from: number): string => bytes.slice(from, from + 4).join('.');
