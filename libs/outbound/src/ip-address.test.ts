import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kindOfAddress, plainAddress, type AddressKind } from './ip-address.ts';

test.each<[string, AddressKind]>([
  ['1.1.1.1', 'public'],
  ['0.0.0.0', 'unspecified'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['::ffff:168.63.129.16', 'metadata'],
  ['168.63.129.17', 'public'],
  ['100.64.0.1', 'private'],
  ['100.128.0.1', 'public'],
  ['10.0.0.1', 'private'],
  ['172.15.255.255', 'public'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.255.255', 'private'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['fe80::1%eth0', 'link-local'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fd00:ec2::254', 'metadata'],
  ['fec0::1', 'private'],
  ['ff02::1', 'multicast'],
  ['2606:4700:4700::1111', 'public'],
  ['2001:db8::1', 'reserved'],
  ['2001:0:53aa:64c::1', 'reserved'],
  ['64:ff9b:1::1', 'reserved'],
  ['::127.0.0.1', 'reserved'],
  ['::ffff:0:127.0.0.1', 'reserved'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::FFFF:A9FE:A9FE', 'metadata'],
  ['::ffff:1.1.1.1', 'public'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::101:101', 'public'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a9fe:a9fe::1', 'metadata'],
  ['2002:101:101::', 'public'],
  ['no address', 'reserved'],
  ['', 'reserved'],
])('%s is %s', (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind);
});

const bytes = (length: number) =>
  fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 10, 127, 169, 192, 254, 255)), {
    minLength: length,
    maxLength: length,
  });
const prefixed = (prefix: readonly number[], length: number) =>
  bytes(length - prefix.length).map((rest) => [...prefix, ...rest]);

const ipv4 = fc.oneof(
  bytes(4),
  ...[[10], [127], [169, 254], [172], [192, 168], [100], [169, 254, 169, 254], [0]].map((prefix) =>
    prefixed(prefix, 4),
  ),
);
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const ipv6 = fc.oneof(
  bytes(16),
  ...[
    [0x20],
    [0x20, 0x01],
    [0xfe],
    [0xfd],
    [0xff],
    [0x20, 0x02, 127],
    [0x20, 0x02, 10],
    NAT64,
    MAPPED,
    Array<number>(15).fill(0),
    [0, 0x64, 0xff, 0x9b],
  ].map((prefix) => prefixed(prefix, 16)),
);

/** Ranges that may never be reached, written down a second time: as bits that must be equal. */
const FORBIDDEN_IPV4 =
  '0/8 10/8 100.64/10 100.100.100.200/32 127/8 168.63.129.16/32 169.254/16 172.16/12 192.0.0/24 192.0.2/24 192.88.99/24 192.168/16 198.18/15 198.51.100/24 203.0.113/24 224/4 240/4'
    .split(' ')
    .map((range) => {
      const [network = '', length = ''] = range.split('/');
      return bitsOf([...network.split('.').map(Number), 0, 0, 0].slice(0, 4)).slice(0, Number(length));
    });

function bitsOf(address: readonly number[]): string {
  return address.map((byte) => byte.toString(2).padStart(8, '0')).join('');
}

const isPublicIpv4 = (address: readonly number[]): boolean =>
  !FORBIDDEN_IPV4.some((prefix) => bitsOf(address).startsWith(prefix));

function isPublicIpv6(address: readonly number[]): boolean {
  const hex = Buffer.from(address).toString('hex');
  if (hex.startsWith(`${'0'.repeat(20)}ffff`) || hex.startsWith(`0064ff9b${'0'.repeat(16)}`)) {
    return isPublicIpv4(address.slice(12));
  }
  if (hex.startsWith('2002')) return isPublicIpv4(address.slice(2, 6));
  if (/^(2001(00|01)|20010db8|3fff0)/.test(hex)) return false;
  return /^[23]/.test(hex);
}

const isZero = (group: string | undefined): boolean => group !== undefined && /^0+$/.test(group);

/** An IPv6 address as people and programs write it. */
const writtenIpv6 = fc
  .record({
    address: ipv6,
    isUpper: fc.boolean(),
    isPadded: fc.boolean(),
    hasDots: fc.boolean(),
    shortened: fc.nat(7),
  })
  .map(({ address, isUpper, isPadded, hasDots, shortened }) => {
    const hex = Buffer.from(address).toString('hex');
    const groups = (hex.match(/.{4}/g) ?? []).map((group) =>
      isPadded ? group : Number.parseInt(group, 16).toString(16),
    );
    if (hasDots) groups.splice(6, 2, address.slice(12).join('.'));
    let text = groups.join(':');
    if (isZero(groups[shortened])) {
      let end = shortened;
      while (isZero(groups[end])) end += 1;
      text = `${groups.slice(0, shortened).join(':')}::${groups.slice(end).join(':')}`;
    }
    return { address, text: isUpper ? text.toUpperCase() : text };
  });

test('an IPv4 address is judged by its range, in every form that a URL may hold', () => {
  fc.assert(
    fc.property(ipv4, fc.integer({ min: 0, max: 4 }), (address, form) => {
      const number = Buffer.from(address).readUInt32BE();
      const written = [
        address.join('.'),
        String(number),
        `0x${number.toString(16)}`,
        `0${number.toString(8)}`,
        `${address[0]}.${number & 0xff_ff_ff}`,
      ][form];
      const { hostname } = new URL(`https://${written}/`);
      expect(kindOfAddress(hostname) === 'public').toBe(isPublicIpv4(address));
    }),
  );
});

test('an IPv6 address is judged by its range and by the IPv4 address inside it, in every written form', () => {
  fc.assert(
    fc.property(writtenIpv6, ({ address, text }) => {
      expect(kindOfAddress(text) === 'public').toBe(isPublicIpv6(address));
      const { hostname } = new URL(`https://[${text}]/`);
      expect(kindOfAddress(hostname.slice(1, -1))).toBe(kindOfAddress(text));
    }),
  );
});

test('an IPv4-mapped address is that IPv4 address', () => {
  fc.assert(
    fc.property(ipv4, (address) => {
      expect(plainAddress(`::ffff:${address.join('.')}`)).toBe(address.join('.'));
      expect(kindOfAddress(`::ffff:${address.join('.')}`)).toBe(kindOfAddress(address.join('.')));
    }),
  );
});

test('whatever text stands in the place of an address, it is judged', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(isIP(text) === 0);
      expect(['public', 'reserved']).toContain(kindOfAddress(text));
    }),
  );
});
