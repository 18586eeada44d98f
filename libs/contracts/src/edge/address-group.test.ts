import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressGroup } from './address-group.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['unknown', 'unknown'],
])('%s belongs to %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

test('addresses of one /64 belong together, and no text makes it throw', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.string(), (address, text) => {
      expect(addressGroup(address).split(':').length).toBeLessThanOrEqual(4);
      expect(typeof addressGroup(text)).toBe('string');
    }),
  );
});
