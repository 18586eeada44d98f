import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowListEntry } from './allow-list-entry.ts';
import { AllowList } from './allow-list.ts';

const port = fc.integer({ min: 1, max: 65_535 });
/** Without those that the operating system reads as IPv4 addresses: they are written otherwise. */
const ipv6 = fc.ipV6().filter((address) => !address.includes('.') && !address.includes('ffff'));
const address = fc.oneof(fc.ipV4(), ipv6);
const hostname = fc.domain().map((name) => name.toLowerCase());
const bracketed = (text: string): string => (isIP(text) === 6 ? `[${text}]` : text);

test('a host name is read with its port and without', () => {
  fc.assert(
    fc.property(hostname, port, (name, number) => {
      expect(allowListEntry(name)).toEqual({ kind: 'host', hostname: name });
      expect(allowListEntry(`${name}:${number}`)).toEqual({ kind: 'host', hostname: name, port: number });
    }),
  );
});

test('an address with a port is on the list at that port, in every form of it, and at no other', () => {
  fc.assert(
    fc.property(address, port, port, (text, allowed, other) => {
      const list = AllowList.parse(`${bracketed(text)}:${allowed}`);
      const asUrl = new URL(`http://${bracketed(text)}/`).hostname.replace(/^\[(.*)\]$/, '$1');
      expect(list.hasAddress(text, allowed)).toBe(true);
      expect(list.hasAddress(asUrl, allowed)).toBe(true);
      expect(list.hasAddress(text, other)).toBe(other === allowed);
      expect(list.hasAddress(text)).toBe(false);
    }),
  );
});

test('an address without a port, in brackets or not, is on the list at every port', () => {
  fc.assert(
    fc.property(address, port, (text, any) => {
      expect(AllowList.parse(text).hasAddress(text, any)).toBe(true);
      expect(AllowList.parse(bracketed(text)).hasAddress(text)).toBe(true);
    }),
  );
});

test('groups of an IPv6 address without brackets are never taken for a port', () => {
  expect(allowListEntry('::1:8085')).toEqual({ kind: 'address', address: '::1:8085' });
  expect(allowListEntry('[::1]:8085')).toEqual({ kind: 'address', address: '::1', port: 8_085 });
});

test('whatever is typed is an entry or refused with what was typed', () => {
  const typed = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef.:/[]-*_%'.split('')) }),
    fc
      .tuple(fc.oneof(hostname, address, fc.ipV4Extended()), fc.constantFrom(':', '/', ':0', ':65536', ']:1'))
      .map(([place, rest]) => `${place}${rest}`),
  );
  fc.assert(
    fc.property(typed, (text) => {
      try {
        expect(['host', 'address', 'range']).toContain(allowListEntry(text).kind);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        expect(String(error)).toContain(JSON.stringify(text));
      }
    }),
    { numRuns: 1_000 },
  );
});
